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
  # Nobody replaces single functions of a static library, so that g++ may inline them although they are position
  # independent; clang does so by itself.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  # In programs with preemptible code this library's objects come first: see rakka_preemptible.cmake. Link options
  # stand before the program's own objects, and the linker keeps the first of several equal functions.
  target_link_options(${target} INTERFACE "$<$<BOOL:$<TARGET_PROPERTY:RAKKA_PREEMPTIBLE>>:\
LINKER:--whole-archive,$<TARGET_FILE:rakka::${name}>,--no-whole-archive>")
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

# rakka_add_fuzzer(NAME SOURCE … DEPS …): one libFuzzer target per parser, in the `fuzz` preset only, and the ctest
# test fuzz.NAME that runs it for RAKKA_FUZZ_SECONDS. It starts from the seeds of scripts/make_fuzz_seeds.py and from
# what earlier runs of this build folder found (corpus/NAME); an input that breaks it is kept in findings/.
function(rakka_add_fuzzer name)
  if(NOT RAKKA_BUILD_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(arg "" "SOURCE" "DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCE})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${arg_DEPS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/etf/fuzz")  # term_input.hpp
  rakka_warnings(${name})
  rakka_fuzz_seeds()
  add_dependencies(${name} fuzz_seeds)
  set(corpus "${PROJECT_BINARY_DIR}/corpus/${name}")
  set(seeds "${PROJECT_BINARY_DIR}/seeds/${name}")
  file(MAKE_DIRECTORY "${corpus}" "${seeds}" "${PROJECT_BINARY_DIR}/findings")
  add_test(NAME fuzz.${name} COMMAND ${name} -max_total_time=${RAKKA_FUZZ_SECONDS} -timeout=20 -rss_limit_mb=2048
    -print_final_stats=1 -artifact_prefix=${PROJECT_BINARY_DIR}/findings/${name}- "${corpus}" "${seeds}")
  math(EXPR limit "${RAKKA_FUZZ_SECONDS} + 300")
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT ${limit})
endfunction()

# The target that writes seeds/ in the build folder.
function(rakka_fuzz_seeds)
  if(TARGET fuzz_seeds)
    return()
  endif()
  find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
  set(script "${PROJECT_SOURCE_DIR}/scripts/make_fuzz_seeds.py")
  set(stamp "${PROJECT_BINARY_DIR}/seeds/made")
  file(GLOB samples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/*/tests/samples/*")
  add_custom_command(OUTPUT "${stamp}" COMMAND Python3::Interpreter "${script}" "${PROJECT_BINARY_DIR}/seeds"
    COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
    DEPENDS "${script}" "${PROJECT_SOURCE_DIR}/scripts/fuzz_otp_seeds.py"
      "${PROJECT_SOURCE_DIR}/scripts/fuzz_term_seeds.py" ${samples} VERBATIM)
  add_custom_target(fuzz_seeds DEPENDS "${stamp}")
endfunction()
