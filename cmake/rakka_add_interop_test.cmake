# rakka_add_interop_test(NAME SOURCES … [DEPS …] [LARGE])
#
# A test program that talks to real Erlang nodes through interop_tests/support. Suites parametrised over the
# OTP releases (RAKKA_OTP_TEST_SUITE) appear in ctest as interop.otp25.<suite>.<test>/otp25 with the label
# otp25; the other tests of the file as interop.<suite>.<test>. LARGE ones take so much memory that they run alone,
# with the label `large`.
function(rakka_add_interop_test name)
  cmake_parse_arguments(arg "LARGE" "" "SOURCES;DEPS" ${ARGN})
  set(large)
  set(alone)
  if(arg_LARGE)
    set(large large)
    set(alone SERIAL)
  endif()
  set(target rakka_interop_${name})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE rakka_interop_support GTest::gtest GTest::gmock GTest::gtest_main
    ${arg_DEPS} ${RAKKA_RAPIDCHECK_LIBRARY})
  target_include_directories(${target} PRIVATE "${RAKKA_RAPIDCHECK_INCLUDE}")
  rakka_warnings(${target})
  foreach(release IN ITEMS 25 27 29)
    rakka_discover_tests(${target} FILTER "*/otp${release}" PREFIX "interop.otp${release}."
      LABELS interop otp${release} ${large} ${alone})
  endforeach()
  rakka_discover_tests(${target} FILTER "-*/otp25:*/otp27:*/otp29" PREFIX "interop." LABELS interop ${large} ${alone})
endfunction()
