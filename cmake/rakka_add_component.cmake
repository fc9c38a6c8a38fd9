# rakka_add_component(NAME SOURCES … [PUBLIC_DEPS …] [PRIVATE_DEPS …] [TESTS …] [TEST_DEPS …])
#
# One folder = one static library rakka_<NAME> (alias rakka::<NAME>) with its own include root, so that an
# include of a layer that is not linked does not compile. TESTS are files <x>_test.cpp; they become one
# executable rakka_<NAME>_tests, which may also include the component's private headers in src/.
function(rakka_add_component name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC_DEPS;PRIVATE_DEPS;TESTS;TEST_DEPS" ${ARGN})
  set(target rakka_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(rakka::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON
    VERIFY_INTERFACE_HEADER_SETS ON)
  target_compile_features(${target} PUBLIC cxx_std_20)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp")
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  target_include_directories(${target} PRIVATE src)
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  rakka_warnings(${target})
  if(RAKKA_BUILD_TESTS AND arg_TESTS)
    rakka_add_tests(${name} SOURCES ${arg_TESTS} DEPS ${arg_TEST_DEPS})
    target_include_directories(rakka_${name}_tests PRIVATE src)
  endif()
endfunction()

# rakka_add_tests(NAME SOURCES … [DEPS …]): the unit tests of one component, each test its own ctest entry.
function(rakka_add_tests name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  set(target rakka_${name}_tests)
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE tests "${RAKKA_RAPIDCHECK_INCLUDE}")
  target_link_libraries(${target} PRIVATE rakka::${name} ${arg_DEPS}
    GTest::gtest GTest::gmock GTest::gtest_main ${RAKKA_RAPIDCHECK_LIBRARY})
  rakka_warnings(${target})
  rakka_discover_tests(${target} PREFIX "${name}." LABELS unit ${name})
endfunction()

# rakka_add_fuzzer(NAME SOURCE … DEPS …): one libFuzzer target per parser, in the `fuzz` preset only.
function(rakka_add_fuzzer name)
  if(NOT RAKKA_BUILD_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(arg "" "SOURCE" "DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCE})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${arg_DEPS})
  rakka_warnings(${name})
endfunction()
