# What `cmake --install` puts where: one include/ with every component's headers, the libraries, and a CMake
# package so that find_package(rakka) gives rakka::rakka and one target per component.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(rakka_installed_targets rakka)
foreach(component IN ITEMS base etf actors otp node)
  if(TARGET rakka_${component})
    list(APPEND rakka_installed_targets rakka_${component})
  endif()
endforeach()
list(APPEND rakka_installed_targets rakka_thread_warnings)
install(TARGETS ${rakka_installed_targets} EXPORT rakkaTargets
  OBJECTS DESTINATION "${CMAKE_INSTALL_LIBDIR}/rakka"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

set(rakka_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rakka")
install(EXPORT rakkaTargets NAMESPACE rakka:: DESTINATION "${rakka_package_dir}")

# An export of its own, because only machines that have erl_interface can load it.
if(TARGET rakka_ei)
  install(TARGETS rakka_ei EXPORT rakkaEiTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT rakkaEiTargets NAMESPACE rakka:: DESTINATION "${rakka_package_dir}")
endif()

# Likewise, of those that have prometheus-cpp.
if(TARGET rakka_metrics_http)
  install(TARGETS rakka_metrics_http EXPORT rakkaMetricsHttpTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT rakkaMetricsHttpTargets NAMESPACE rakka:: DESTINATION "${rakka_package_dir}")
endif()

# The command, with what it runs beside it.
foreach(program IN ITEMS rakka_command rakka_lint)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endforeach()

configure_package_config_file(cmake/rakkaConfig.cmake.in rakkaConfig.cmake
  INSTALL_DESTINATION "${rakka_package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(rakkaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/rakkaConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/rakkaConfigVersion.cmake" cmake/FindErlInterface.cmake
  cmake/rakka_preemptible.cmake
  DESTINATION "${rakka_package_dir}")
