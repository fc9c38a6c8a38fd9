# Configures, builds and runs one consumer project in a fresh WORK_DIR; any step that fails fails the test.
# Run with -P; CMakeLists.txt beside it shows the variables it takes.
file(REMOVE_RECURSE "${WORK_DIR}" "${WORK_DIR}-prefix")
string(TOUPPER "${BUILD_TYPE}" TYPE)

function(run step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${step} failed (${result}):\n${output}")
  endif()
  message(STATUS "${step}: ok")
  set(output "${output}" PARENT_SCOPE)
endfunction()

if(INSTALL)
  run("install" "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}-prefix")
endif()
run("configure" "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/${CONSUMER}" -B "${WORK_DIR}" -G Ninja
  -D "CMAKE_BUILD_TYPE=${BUILD_TYPE}" -D "CMAKE_CXX_FLAGS_${TYPE}=${FLAGS}" -D RAKKA_WARNINGS_AS_ERRORS=ON
  -D "CMAKE_CXX_COMPILER=${CXX}" -D "CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
  -D "CMAKE_PREFIX_PATH=${WORK_DIR}-prefix" -D "RAKKA_SOURCE_DIR=${SOURCE_DIR}"
  -D "FETCH_CONTENT=${FETCH_CONTENT}" -D CMAKE_EXPORT_COMPILE_COMMANDS=ON)
run("build" "${CMAKE_COMMAND}" --build "${WORK_DIR}" --target hello -j 2)
run("run" "${WORK_DIR}/hello")
if(NOT output MATCHES "rakka works")
  message(FATAL_ERROR "the program printed:\n${output}")
endif()

# The installed command, on a consumer's compile_commands.json: it warns of the one capture in hello.cpp, and of
# nothing in the installed headers.
if(EXISTS "${WORK_DIR}-prefix/bin/rakka-lint")
  run("lint" "${WORK_DIR}-prefix/bin/rakka" lint --no-notes -p "${WORK_DIR}" "${CMAKE_CURRENT_LIST_DIR}/hello.cpp")
  if(NOT output MATCHES "hello.cpp:[0-9]+:[0-9]+: warning: [^\n]*rakka-reference-capture" OR
      NOT output MATCHES "1 files, 1 findings")
    message(FATAL_ERROR "rakka lint printed:\n${output}")
  endif()
endif()
