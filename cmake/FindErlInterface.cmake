# Finds erl_interface, the C library of Erlang/OTP: ErlInterface_FOUND, ErlInterface_VERSION,
# ErlInterface::ei. Looks in the system's paths, in Erlang's own library folder, and in ErlInterface_ROOT.
include(FindPackageHandleStandardArgs)
find_package(Threads)

file(GLOB rakka_ei_roots /usr/lib/erlang/lib/erl_interface-* /usr/local/lib/erlang/lib/erl_interface-*)
find_path(ErlInterface_INCLUDE_DIR ei.h HINTS ${rakka_ei_roots} PATH_SUFFIXES include)
find_library(ErlInterface_LIBRARY ei HINTS ${rakka_ei_roots} PATH_SUFFIXES lib)
if(rakka_ei_roots)
  list(GET rakka_ei_roots 0 rakka_ei_root)
  string(REGEX REPLACE ".*erl_interface-" "" ErlInterface_VERSION "${rakka_ei_root}")
endif()
find_package_handle_standard_args(ErlInterface REQUIRED_VARS ErlInterface_LIBRARY ErlInterface_INCLUDE_DIR
  VERSION_VAR ErlInterface_VERSION)
mark_as_advanced(ErlInterface_LIBRARY ErlInterface_INCLUDE_DIR)

if(ErlInterface_FOUND AND NOT TARGET ErlInterface::ei)
  add_library(ErlInterface::ei UNKNOWN IMPORTED GLOBAL)
  set_target_properties(ErlInterface::ei PROPERTIES IMPORTED_LOCATION "${ErlInterface_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${ErlInterface_INCLUDE_DIR}" INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
