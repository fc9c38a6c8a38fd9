# Finds the libraries of clang 14 that programs about C++ are made with: ClangTooling_FOUND, ClangTooling_RESOURCE_DIR
# (the compiler's own headers), ClangTooling::clang. Looks where Debian has them, and in ClangTooling_ROOT. Not by
# clang's own CMake package: that names every tool and static library of clang, installed or not.
include(FindPackageHandleStandardArgs)

set(rakka_llvm_roots "${ClangTooling_ROOT}" /usr/lib/llvm-14)
find_path(ClangTooling_INCLUDE_DIR clang/Tooling/Tooling.h HINTS ${rakka_llvm_roots} PATH_SUFFIXES include)
find_path(ClangTooling_LLVM_INCLUDE_DIR llvm/Config/llvm-config.h HINTS ${rakka_llvm_roots} PATH_SUFFIXES include)
find_library(ClangTooling_LIBRARY NAMES libclang-cpp.so.14 HINTS ${rakka_llvm_roots} PATH_SUFFIXES lib)
find_library(ClangTooling_LLVM_LIBRARY NAMES LLVM-14 HINTS ${rakka_llvm_roots} PATH_SUFFIXES lib)
find_path(ClangTooling_RESOURCE_DIR include/stddef.h HINTS ${rakka_llvm_roots}
  PATH_SUFFIXES lib/clang/14.0.6 lib/clang/14.0.5 lib/clang/14.0.0)
find_package_handle_standard_args(ClangTooling REQUIRED_VARS ClangTooling_LIBRARY ClangTooling_LLVM_LIBRARY
  ClangTooling_INCLUDE_DIR ClangTooling_LLVM_INCLUDE_DIR ClangTooling_RESOURCE_DIR)
mark_as_advanced(ClangTooling_INCLUDE_DIR ClangTooling_LLVM_INCLUDE_DIR ClangTooling_LIBRARY
  ClangTooling_LLVM_LIBRARY ClangTooling_RESOURCE_DIR)

if(ClangTooling_FOUND AND NOT TARGET ClangTooling::clang)
  add_library(ClangTooling::clang UNKNOWN IMPORTED)
  set_target_properties(ClangTooling::clang PROPERTIES IMPORTED_LOCATION "${ClangTooling_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${ClangTooling_INCLUDE_DIR};${ClangTooling_LLVM_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${ClangTooling_LLVM_LIBRARY}")
endif()
