// Against erl_interface as a second implementation: what one encodes, the other must read, and mostly byte
// for byte.
#include "support/arbitrary_term.hpp"
#include "support/encoded_bytes.hpp"

#include <rakka/ei/ei.hpp>
#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

struct x_buffer : ei_x_buff {
    x_buffer() { ei_x_new(this); }
    ~x_buffer() { ei_x_free(this); }
    x_buffer(const x_buffer&) = delete;
    x_buffer& operator=(const x_buffer&) = delete;
    [[nodiscard]] std::span<const std::byte> bytes() const {
        return std::as_bytes(std::span(buff, static_cast<std::size_t>(index)));
    }
};

struct same {
    term value;
    std::function<void(ei_x_buff*)> by_ei;
};

std::vector<same> values_in_both() {
    const pid p{"a@b"_a, 0xffffffff, 5, 0x12345678};
    const reference r{"a@b"_a, 7, 3, {1, 2, 3}};
    const port q{"a@b"_a, 9, 0x1'0000'0000};
    return {
        {1, [](auto* x) { ei_x_encode_long(x, 1); }},
        {-1000, [](auto* x) { ei_x_encode_long(x, -1000); }},
        {to_term(1ll << 40), [](auto* x) { ei_x_encode_longlong(x, 1ll << 40); }},
        {to_term(~0ull), [](auto* x) { ei_x_encode_ulonglong(x, ~0ull); }},
        {1.5, [](auto* x) { ei_x_encode_double(x, 1.5); }},
        {"hello"_a, [](auto* x) { ei_x_encode_atom_as(x, "hello", ERLANG_UTF8, ERLANG_UTF8); }},
        {"åäö"_a, [](auto* x) { ei_x_encode_atom_as(x, "åäö", ERLANG_UTF8, ERLANG_UTF8); }},
        {charlist("text"), [](auto* x) { ei_x_encode_string(x, "text"); }},
        {std::string("bin"), [](auto* x) { ei_x_encode_binary(x, "bin", 3); }},
        {tuple("ok"_a, 2), [](auto* x) { ei_x_format_wo_ver(x, "{ok,~i}", 2); }},
        {tuple(1, 2),
         [](auto* x) {
             ei_x_encode_tuple_header(x, 2);
             ei_x_encode_long(x, 1);
             ei_x_encode_long(x, 2);
         }},
        {list("x_y"_a),
         [](auto* x) {
             ei_x_encode_list_header(x, 1);
             ei_x_encode_atom_as(x, "x_y", ERLANG_UTF8, ERLANG_UTF8);
             ei_x_encode_empty_list(x);
         }},
        {map(1, 2),
         [](auto* x) {
             ei_x_encode_map_header(x, 1);
             ei_x_encode_long(x, 1);
             ei_x_encode_long(x, 2);
         }},
        {p,
         [p](auto* x) {
             const auto e = ei::to_ei(p);
             ei_x_encode_pid(x, &e);
         }},
        {r,
         [r](auto* x) {
             const auto e = ei::to_ei(r);
             ei_x_encode_ref(x, &e);
         }},
        {q,
         [q](auto* x) {
             const auto e = ei::to_ei(q);
             ei_x_encode_port(x, &e);
         }},
    };
}

TEST(ei_bridge, reads_what_ei_encodes_and_writes_the_same_bytes) {
    for (const same& s : values_in_both()) {
        x_buffer theirs, ours;
        s.by_ei(&theirs);
        int index = 0;
        const auto read = ei::from_ei(theirs, index);
        ASSERT_TRUE(read) << hex(theirs.bytes());
        EXPECT_EQ(*read, s.value) << hex(theirs.bytes());
        EXPECT_EQ(index, theirs.index);
        ASSERT_TRUE(ei::to_ei(ours, s.value));
        // Two choices of ei's are its own: Latin-1 atoms in ei_x_format, and old tags for small ports.
        if (hex(theirs.bytes()).find("100,0,2,111,107") == std::string::npos) {
            EXPECT_EQ(hex(ours.bytes()), hex(theirs.bytes()));
        }
    }
}

TEST(ei_bridge, integers_above_28_bits_differ_in_their_bytes_only) {
    x_buffer theirs, ours;
    ei_x_encode_long(&theirs, 0x10000000);
    const term value = 0x10000000;
    ASSERT_TRUE(ei::to_ei(ours, value));
    EXPECT_NE(hex(ours.bytes()), hex(theirs.bytes()));
    int index = 0;
    EXPECT_EQ(ei::from_ei(theirs, index).value(), value);
    long back = 0;
    index = 0;
    ASSERT_EQ(ei_decode_long(ours.buff, &index, &back), 0);
    EXPECT_EQ(back, 0x10000000);
}

TEST(ei_bridge, reads_terms_one_behind_the_other_with_and_without_a_version) {
    x_buffer x;
    ei_x_encode_version(&x);
    ei_x_encode_long(&x, 1);
    ei_x_encode_long(&x, 2);
    int index = 0;
    EXPECT_EQ(ei::from_ei(x.buff, &index).value(), term(1));
    EXPECT_EQ(ei::from_ei(x.buff, &index).value(), term(2));
    EXPECT_EQ(index, x.index);
    EXPECT_EQ(ei::from_ei(x, index).error().code, etf::errc::truncated);
    EXPECT_EQ(index, x.index);
}

TEST(ei_bridge, identifiers_keep_every_field_there_and_back) {
    const pid p{"a@b"_a, 1, 2, 3};
    const reference r{"a@b"_a, 4, 5, {1, 2, 3, 4, 5}};
    const port q{"a@b"_a, 6, 7};
    EXPECT_EQ(ei::from_ei(ei::to_ei(p)).value(), p);
    EXPECT_EQ(ei::from_ei(ei::to_ei(r)).value(), r);
    EXPECT_EQ(ei::from_ei(ei::to_ei(q)).value(), q);
    erlang_ref long_ref = ei::to_ei(r);
    long_ref.len = 6;
    EXPECT_EQ(ei::from_ei(long_ref).error(), etf::errc::bad_length);
    erlang_pid bad_node = ei::to_ei(p);
    bad_node.node[0] = '\xff';
    EXPECT_EQ(ei::from_ei(bad_node).error(), etf::errc::bad_utf8);
}

TEST(ei_bridge, funs_pass_through_opaque) {
    const byte_string bytes = encoded({{131, 112},
                                       u32(4 + 1 + 16 + 4 + 4 + 3 + 2 + 5 + 18 + 2),
                                       {2},
                                       "0123456789abcdef",
                                       u32(3),
                                       u32(1),
                                       {119, 1, 'm', 97, 3, 98},
                                       u32(123456),
                                       {88, 119, 3},
                                       "a@b",
                                       u32(1),
                                       u32(0),
                                       u32(4),
                                       {97, 1}});
    for (const term& fun :
         {decode_bytes(bytes), decode_bytes(encoded({{131, 113, 119, 1, 'm', 119, 1, 'f', 97, 2}}))}) {
        erlang_fun f = ei::to_erlang_fun(fun).value();
        EXPECT_STREQ(f.module, "m");
        EXPECT_EQ(ei::from_ei(f).value(), fun);
        free_fun(&f);
    }
    EXPECT_EQ(ei::to_erlang_fun("no fun"_a).error(), etf::errc::wrong_type);
}

RC_GTEST_PROP(ei_bridge, ei_walks_over_whatever_we_encode, ()) {
    const term t = *arbitrary_term({.records = false});
    x_buffer x;
    RC_ASSERT(ei::to_ei(x, t).has_value());
    int index = 0;
    RC_ASSERT(ei_skip_term(x.buff, &index) == 0);
    RC_ASSERT(index == x.index);
    index = 0;
    RC_ASSERT(ei::from_ei(x, index).value() == t);
}

RC_GTEST_PROP(ei_bridge, ei_reads_our_integers_as_their_value, ()) {
    const std::int64_t v = *arbitrary_int64();
    x_buffer x, theirs;
    const term t = to_term(v);
    RC_ASSERT(ei::to_ei(x, t).has_value());
    long long back = 0;
    int index = 0;
    RC_ASSERT(ei_decode_longlong(x.buff, &index, &back) == 0);
    RC_ASSERT(back == v);
    ei_x_encode_longlong(&theirs, v);
    index = 0;
    RC_ASSERT(ei::from_ei(theirs, index).value() == t);
    if (v >= -(1 << 27) && v < 1 << 27) RC_ASSERT(hex(x.bytes()) == hex(theirs.bytes()));
}

}  // namespace
}  // namespace rakka::testing
