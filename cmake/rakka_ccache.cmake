# Compiles through ccache where it is installed, unless the caller chose a launcher of his own.
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(RAKKA_CCACHE ccache)
  if(RAKKA_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${RAKKA_CCACHE}")
  endif()
endif()
