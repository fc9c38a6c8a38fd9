# rakka_discover_tests(TARGET PREFIX … LABELS … [FILTER …])
#
# Makes each GoogleTest case of TARGET that matches FILTER a ctest test of its own, named
# PREFIX<suite>.<case>. Labels are set when ctest reads the tests, because gtest_discover_tests cannot pass on
# a property that is a list.
function(rakka_discover_tests target)
  cmake_parse_arguments(arg "SERIAL" "PREFIX;FILTER" "LABELS" ${ARGN})
  set(conditions TIMEOUT 120)
  if(arg_SERIAL)
    set(conditions TIMEOUT 600 RUN_SERIAL TRUE)
  endif()
  string(REPLACE ";" " " conditions "${conditions}")
  string(MAKE_C_IDENTIFIER "${target}_${arg_PREFIX}tests" list)
  gtest_discover_tests(${target} TEST_FILTER "${arg_FILTER}" TEST_PREFIX "${arg_PREFIX}" TEST_LIST ${list}
    NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60)
  set(properties_file "${CMAKE_CURRENT_BINARY_DIR}/${list}_properties.cmake")
  file(WRITE "${properties_file}"
    "foreach(test IN LISTS ${list})\n"
    "  set_tests_properties(\"\${test}\" PROPERTIES LABELS \"${arg_LABELS}\" ${conditions})\n"
    "endforeach()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${properties_file}")
endfunction()
