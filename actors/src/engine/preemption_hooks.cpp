// What compilers call in targets of rakka_preemptible(): at every function's entry, or with LOOPS in every
// basic block. Counts one reduction; when the slice is used up, gives way.
//
// Linked only into programs that have such a target. Nothing here may be compiled with the hooks itself, and
// each hook reads the thread-local variable afresh and does not use it after preempt_current(): see
// current.cpp. Hooks never throw. No compiler allows it: where it sees no call that may throw it has left out
// the destructors.
#include "engine/current_thread.hpp"
#include "engine/reductions.hpp"
#include "engine/worker.hpp"

#if defined(__x86_64__)
#include <algorithm>
#include <cpuid.h>
#include <cstdint>
#endif

using namespace rakka::detail;

/// Of -fsanitize-coverage=trace-pc: g++ in each basic block; clang there or at each function's entry.
extern "C" [[gnu::no_instrument_function]] void __sanitizer_cov_trace_pc() noexcept {
    worker* const w = this_threads_worker;
    if (w == nullptr || --w->budget().reductions_left_ > 0) [[likely]]
        return;
    preempt_current();
}

#if defined(__x86_64__)

namespace {

constexpr std::uint64_t fxsave_room = 512;
constexpr std::uint64_t xsave_header = 64;
// The parts of the state that arguments travel in: xmm, ymm, mask and zmm registers.
constexpr std::uint32_t argument_states = 1U << 1 | 1U << 2 | 1U << 5 | 1U << 6 | 1U << 7;

}  // namespace

extern "C" {

[[gnu::visibility("hidden"), gnu::used]] void rakka_preempt() noexcept {
    preempt_current();
}

/// What xsave has to save on this machine (0: fxsave is enough), and the room it takes.
[[gnu::visibility("hidden"), gnu::used]] constinit std::uint32_t rakka_vector_states = 0;
[[gnu::visibility("hidden"), gnu::used]] constinit std::uint64_t rakka_vector_room =
    fxsave_room + xsave_header;
}

namespace {

// Before any other code of the program, so that a system may be a static variable.
[[gnu::constructor(101)]] void find_vector_states() noexcept {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t c = 0;
    std::uint32_t d = 0;
    constexpr std::uint32_t os_uses_xsave = 1U << 27;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & os_uses_xsave) == 0) return;
    asm("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    rakka_vector_states = a & argument_states;
    for (std::uint32_t n = 2; n < 32; ++n) {
        std::uint32_t size = 0;
        std::uint32_t offset = 0;
        if ((rakka_vector_states & 1U << n) != 0 && __get_cpuid_count(0xd, n, &size, &offset, &c, &d) != 0)
            rakka_vector_room = std::max<std::uint64_t>(rakka_vector_room, std::uint64_t{offset} + size);
    }
}

}  // namespace

// Of g++'s -mfentry: called as the very first thing in a function, when all of its arguments are still in
// their registers and r11 alone is free. So the way that nearly every call takes is spelled out, and the
// other one keeps everything that an argument can be in.
#if defined(__CET__) && (__CET__ & 1)
#define RAKKA_LANDING "endbr64\n"
#else
#define RAKKA_LANDING
#endif
// clang-format off
asm(R"(
    .pushsection .text.rakka_count_call, "ax", @progbits
    .p2align 5
    .globl rakka_count_call
    .type rakka_count_call, @function
rakka_count_call:
    .cfi_startproc
    )" RAKKA_LANDING R"(
    movq  rakka_this_threads_worker@gottpoff(%rip), %r11
    movq  %fs:(%r11), %r11
    testq %r11, %r11
    je    1f
    subl  $1, (%r11)
    jle   2f
1:  ret
2:  pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq  %rsp, %rbp
    .cfi_def_cfa_register %rbp
    pushq %rax
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %r8
    pushq %r9
    pushq %r10
    subq  rakka_vector_room(%rip), %rsp
    andq  $-64, %rsp
    movl  rakka_vector_states(%rip), %eax
    xorl  %edx, %edx
    testl %eax, %eax
    je    3f
    movq  %rdx, 512(%rsp)
    movq  %rdx, 520(%rsp)
    movq  %rdx, 528(%rsp)
    movq  %rdx, 536(%rsp)
    movq  %rdx, 544(%rsp)
    movq  %rdx, 552(%rsp)
    movq  %rdx, 560(%rsp)
    movq  %rdx, 568(%rsp)
    xsave64 (%rsp)
    call  rakka_preempt
    movl  rakka_vector_states(%rip), %eax
    xorl  %edx, %edx
    xrstor64 (%rsp)
    jmp   4f
3:  fxsave64 (%rsp)
    call  rakka_preempt
    fxrstor64 (%rsp)
4:  leaq  -64(%rbp), %rsp
    popq  %r10
    popq  %r9
    popq  %r8
    popq  %rcx
    popq  %rdx
    popq  %rsi
    popq  %rdi
    popq  %rax
    popq  %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size rakka_count_call, .-rakka_count_call
    .popsection
)");
// clang-format on

#endif
