// The bare switch between two stacks: where the one that is left will go on is written down, and the other
// goes on.
#pragma once

#include <cstddef>

// Written here for x86-64 alone; other machines, and code with shadow stacks, have Boost.Context's. This one
// is part of the function that switches. A call would leave its return address to a processor that predicts
// returns from the calls it has seen: the stack it comes to never returns there, and each return above the
// switch goes wrong.
#if defined(__x86_64__) && defined(__LP64__) && !(defined(__CET__) && (__CET__ & 2))
#define RAKKA_INLINE_SWITCH 1
#else
#include <boost/context/detail/fcontext.hpp>
#endif

namespace rakka::detail {

class fiber;
struct exception_state;

/// What is to be done about a fiber that has just been left, on the fiber that follows on the same thread.
/// Only now is the one that was left resumable by others. `arg` usually lives on its stack.
struct departure {
    void (*run)(fiber& left, void* arg) noexcept;
    void* arg;
};

/// What a switch carries over to the other side.
struct crossing {
    fiber* left;
    exception_state* thread;  // of the thread that crosses
    departure after;
};

class context;

/// The first function on a stack; it never returns. The first four are a crossing, in registers.
using context_entry = void (*)(fiber* left, exception_state* thread, void (*run)(fiber&, void*) noexcept,
                               void* arg, context* self) noexcept;

#if defined(__x86_64__)

/// Rounding, precision and exception masks, which the calling convention leaves as they were over every call.
class floating_point_modes {
public:
    floating_point_modes() noexcept { read(); }
    /// Takes some nanoseconds: waits for what is being calculated.
    void read() noexcept { asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(sse_), "=m"(x87_)); }
    /// Loading is slow, and modes hardly ever differ.
    void restore(const floating_point_modes& in_force) const noexcept {
        constexpr unsigned int sse_status = 0x3f;
        if (((sse_ ^ in_force.sse_) & ~sse_status) != 0) [[unlikely]] {
            asm volatile("ldmxcsr %0" : : "m"(sse_));
        }
        if (x87_ != in_force.x87_) [[unlikely]] {
            asm volatile("fldcw %0" : : "m"(x87_));
        }
    }

private:
    unsigned int sse_;
    unsigned short x87_;
};

#else

/// Elsewhere they are whatever Boost's switch makes of them.
class floating_point_modes {
public:
    void restore(const floating_point_modes&) const noexcept {}
};

#endif

#if defined(RAKKA_INLINE_SWITCH)

// Where indirect jumps may go to in code with branch protection.
#if defined(__CET__)
#define RAKKA_LANDING "\n\tendbr64"
#else
#define RAKKA_LANDING
#endif

/// Where a stack goes on; means nothing while it is the one stood on.
class context {
public:
    /// Of the stack the caller stands on.
    context() noexcept = default;
    /// Of a stack without anything on it yet, which ends (is highest) at `top`.
    context(std::byte* top, std::size_t, context_entry entry, const floating_point_modes& modes) noexcept
        : modes_(modes) {
        auto* const return_address = reinterpret_cast<void**>(top) - 1;
        *return_address = nullptr;
        place_ = {return_address, nullptr, reinterpret_cast<void*>(entry)};
    }

    /// Leaves this, the stack stood on, for `to`; returns when somebody switches back, with what he carries.
    /// The modes are those that this stack began with.
    [[gnu::always_inline]] crossing switch_to(context& to, crossing c) noexcept {
        static_assert(offsetof(place, stack) == 0 && offsetof(place, frame) == 8 &&
                      offsetof(place, code) == 16);
        context* from = this;
        fiber* left = c.left;
        exception_state* thread = c.thread;
        auto* run = c.after.run;
        void* arg = c.after.arg;
        register context* target asm("r8") = &to;  // last: whatever is called in between may change it
        // What else lives in registers the compiler puts on the stack, but for the frame pointer, which it
        // may need for finding it.
        asm volatile(
            "leaq 1f(%%rip), %%r11\n\t"
            "movq %%rsp, 0(%[from])\n\t"
            "movq %%rbp, 8(%[from])\n\t"
            "movq %%r11, 16(%[from])\n\t"
            "movq 0(%[to]), %%rsp\n\t"
            "movq 8(%[to]), %%rbp\n\t"
            "jmpq *16(%[to])\n"
            "1:" RAKKA_LANDING
            : [from] "+a"(from), [to] "+r"(target), "+D"(left), "+S"(thread), "+d"(run), "+c"(arg)
            :
            : "rbx", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
              "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
#if defined(__AVX512F__)
              "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",
              "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", "k6",
              "k7",
#endif
#if defined(__APX_F__)
              "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28",
              "r29", "r30", "r31",
#endif
              "cc", "memory");
        arrive(*from);
        return {left, thread, {run, arg}};
    }

    /// The same with whatever modes.
    [[gnu::always_inline]] crossing switch_with_modes_to(context& to, crossing c) noexcept {
        const floating_point_modes first = modes_;
        modes_.read();
        c = switch_to(to, c);
        modes_ = first;
        return c;
    }

    /// First thing on a new stack, which `left` has been left for; switch_to() does it itself.
    void arrive(const context& left) const noexcept {
        modes_.restore(left.modes_);
    }

private:
    struct place {
        void* stack = nullptr;
        void* frame = nullptr;
        void* code = nullptr;
    };
    place place_;                 // first: the switch finds it where the context is
    floating_point_modes modes_;  // as they are while it is stood on, when it is left
};

#undef RAKKA_LANDING

#else

class context {
public:
    context() noexcept = default;
    context(std::byte* top, std::size_t size, context_entry entry, const floating_point_modes& modes) noexcept
        : entry_(entry) {
        // It begins with those in force here, and looks after them from then on.
        const floating_point_modes in_force;
        modes.restore(in_force);
        at_ = boost::context::detail::make_fcontext(top, size, &begin);
        in_force.restore(modes);
    }

    [[gnu::always_inline]] crossing switch_to(context& to, crossing c) noexcept {
        letter l{this, &to, c};
        return open(boost::context::detail::jump_fcontext(to.at_, &l));
    }

    [[gnu::always_inline]] crossing switch_with_modes_to(context& to, crossing c) noexcept {
        return switch_to(to, c);
    }

    void arrive(const context&) const noexcept {}

private:
    struct letter {
        context* from;
        context* to;
        crossing carried;
    };

    [[gnu::always_inline]] static crossing open(boost::context::detail::transfer_t t) noexcept {
        const letter l = *static_cast<letter*>(t.data);
        l.from->at_ = t.fctx;
        return l.carried;
    }

    static void begin(boost::context::detail::transfer_t t) noexcept {
        context& self = *static_cast<letter*>(t.data)->to;
        const crossing c = open(t);
        self.entry_(c.left, c.thread, c.after.run, c.after.arg, &self);
    }

    boost::context::detail::fcontext_t at_ = nullptr;
    context_entry entry_ = nullptr;
};

#endif

}  // namespace rakka::detail
