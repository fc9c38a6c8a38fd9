# cmake -D SOURCE_DIR=… -D BUILD_DIR=… -D WORK_DIR=… -D CONSUMER=… [-D INSTALL=ON] [-D FETCH_CONTENT=ON] -P
# run_consumer.cmake Configures, builds and runs one consumer project in a fresh WORK_DIR; any step that fails
# fails the test.
file(REMOVE_RECURSE "${WORK_DIR}")

function(run step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${step} failed (${result}):\n${output}")
  endif()
  message(STATUS "${step}: ok")
  set(output "${output}" PARENT_SCOPE)
endfunction()

if(INSTALL)
  run("install" "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
endif()
run("configure" "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/${CONSUMER}" -B "${WORK_DIR}/build" -G Ninja
  -D CMAKE_BUILD_TYPE=Release -D "CMAKE_CXX_COMPILER=${CXX}" -D "CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
  -D "CMAKE_PREFIX_PATH=${WORK_DIR}/prefix" -D "RAKKA_SOURCE_DIR=${SOURCE_DIR}"
  -D "FETCH_CONTENT=${FETCH_CONTENT}")
run("build" "${CMAKE_COMMAND}" --build "${WORK_DIR}/build" --target hello -j 2)
run("run" "${WORK_DIR}/build/hello")
if(NOT output MATCHES "rakka works")
  message(FATAL_ERROR "the program printed:\n${output}")
endif()
