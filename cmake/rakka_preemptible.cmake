# rakka_preemptible(TARGET [LOOPS])
#
# Compiles TARGET (an executable or a library that links rakka::actors) so that the processes running its code give
# way in the middle of it, as Erlang's do: each function call counts a reduction, with LOOPS each basic block and
# so each turn of a loop. docs/preemption.md says what that costs and what such code must not do. Functions that
# the compiler inlines count only with LOOPS.
#
# Programs that TARGET becomes part of are linked so that
# - Rakka's own code comes first: an inline function or template that both have is then the one without hooks, and
#   Rakka is never interrupted in its own work;
# - the functions that take and give back locks, and that guard static variables, are wrapped: see
#   actors/src/engine/lock_hooks.cpp.
function(rakka_preemptible target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "LOOPS" "" "")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "rakka_preemptible(${target}): no such option: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY" OR target MATCHES "^rakka(_|::|$)(base|etf|actors|otp|node|ei)?$")
    message(FATAL_ERROR "rakka_preemptible(${target}): not a target that process code is compiled in")
  endif()
  foreach(language IN ITEMS CXX C)
    if(NOT CMAKE_${language}_COMPILER_ID)
      continue()
    elseif(CMAKE_${language}_COMPILER_ID MATCHES "Clang")
      # Without no-prune a loop may be left out: whoever reaches it has been seen before.
      set(flags -fsanitize-coverage=func,trace-pc)
      if(arg_LOOPS)
        set(flags -fsanitize-coverage=bb,no-prune,trace-pc)
      endif()
    elseif(CMAKE_${language}_COMPILER_ID STREQUAL "GNU")
      if(arg_LOOPS OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$"
          OR CMAKE_${language}_COMPILER_VERSION VERSION_LESS 10)
        set(flags -fsanitize-coverage=trace-pc)
      else()
        set(flags -pg -mfentry -mfentry-name=rakka_count_call)
      endif()
    else()
      message(FATAL_ERROR "rakka_preemptible(${target}): only with g++ and clang++")
    endif()
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:${language}>:${flags}>")
  endforeach()
  # Read where rakka's libraries are linked (rakka_add_component); reaches what TARGET is linked into. A shared
  # library has no Rakka of its own: it finds the hooks in the program.
  set_target_properties(${target} PROPERTIES INTERFACE_RAKKA_PREEMPTIBLE ON)
  if(NOT type MATCHES "^(SHARED|MODULE)_LIBRARY$")
    set_target_properties(${target} PROPERTIES RAKKA_PREEMPTIBLE ON)
  endif()
  set_property(TARGET ${target} APPEND PROPERTY COMPATIBLE_INTERFACE_BOOL RAKKA_PREEMPTIBLE)
endfunction()
