# RAKKA_SANITIZE applies to the whole build: a sanitizer in only some of the objects reports nonsense.
if(RAKKA_SANITIZE)
  string(REPLACE ";" "," rakka_sanitize_list "${RAKKA_SANITIZE}")
  add_compile_options(-fsanitize=${rakka_sanitize_list} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${rakka_sanitize_list})
  if("thread" IN_LIST RAKKA_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio brackets handlers with fences, which GCC's thread sanitizer does not model; its mutexes carry the
    # order.
    add_compile_options(-Wno-tsan)
  endif()
endif()

# libFuzzer steers by coverage, so the libraries under test are instrumented too, not the fuzz targets alone.
if(RAKKA_BUILD_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "RAKKA_BUILD_FUZZERS needs clang++ (libFuzzer); use the preset `fuzz`")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
