// The choices that encoding makes, and the buffers it writes to.
#include "block_pool.hpp"
#include "support/encoded_bytes.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

namespace rakka::testing {
namespace {

using etf::errc;

/// The tag an encoded term starts with.
int tag_of(const term& t) {
    return static_cast<int>(encode_bytes(t).at(1));
}

TEST(codec_encode, picks_the_smallest_integer_as_the_beam_does) {
    EXPECT_EQ(encode_bytes(term(255)), encoded({{131, 97, 255}}));
    EXPECT_EQ(encode_bytes(term(256)), encoded({{131, 98}, u32(256)}));
    EXPECT_EQ(encode_bytes(term(-1)), encoded({{131, 98}, u32(0xffffffff)}));
    EXPECT_EQ(encode_bytes(term(0x7fffffff)), encoded({{131, 98}, u32(0x7fffffff)}));
    EXPECT_EQ(encode_bytes(to_term(0x80000000ll)), encoded({{131, 110, 4, 0, 0, 0, 0, 0x80}}));
    EXPECT_EQ(encode_bytes(to_term(-0x80000001ll)), encoded({{131, 110, 4, 1, 1, 0, 0, 0x80}}));
    etf::builder b;
    const std::vector<std::uint64_t> limbs(32, 1ull << 56);  // 256 bytes
    EXPECT_EQ(tag_of(b.finish(b.put_big(std::span(limbs).first(31), false))), 110);
    EXPECT_EQ(tag_of(b.finish(b.put_big(limbs, true))), 111);
}

TEST(codec_encode, lists_of_bytes_are_strings_up_to_65535) {
    const auto bytes = [](std::size_t n) {
        etf::builder b;
        etf::detail::word* cells = nullptr;
        const auto w = b.put_list(n, cells);
        std::fill_n(cells, n, etf::detail::make_small(7));
        return b.finish(w);
    };
    EXPECT_EQ(tag_of(bytes(1)), 107);
    EXPECT_EQ(tag_of(bytes(65535)), 107);
    const byte_string longer = encode_bytes(bytes(65536));
    EXPECT_EQ(longer.size(), 1 + 5 + 2 * 65536 + 1u);
    EXPECT_EQ(longer[1], std::byte{108});
    EXPECT_EQ(decode_bytes(longer), bytes(65536));
    EXPECT_EQ(tag_of(list(1, 256)), 108);
    EXPECT_EQ(tag_of(list(1, -1)), 108);
    EXPECT_EQ(tag_of(list(1, 2.0)), 108);
    EXPECT_EQ(tag_of(cons(1, 2)), 108);
    EXPECT_EQ(tag_of(cons(1, term(list(2, 3)))), 107) << "a list in two runs is one list";
    EXPECT_EQ(tag_of(list()), 106);
}

TEST(codec_encode, the_alias_tag_has_the_reference_as_its_tail) {
    const term tag = cons("alias"_a, reference{"a@b"_a, 1, 1, {5}});
    EXPECT_EQ(
        encode_bytes(tag),
        encoded({{131, 108}, u32(1), {119, 5}, "alias", {90}, u16(1), {119, 3}, "a@b", u32(1), u32(5)}));
}

TEST(codec_encode, lengths_that_change_tags_do_so_at_their_edges) {
    const auto tuple_of = [](std::size_t n) {
        etf::builder b;
        etf::detail::word* cells = nullptr;
        const auto w = b.put_tuple(n, cells);
        std::fill_n(cells, n, etf::detail::make_small(1));
        return b.finish(w);
    };
    EXPECT_EQ(tag_of(tuple_of(255)), 104);
    EXPECT_EQ(tag_of(tuple_of(256)), 105);
    std::string text;
    for (int i = 0; i < 127; ++i)
        text += "å";
    EXPECT_EQ(tag_of(atom(text + "x")), 119);
    EXPECT_EQ(tag_of(atom(text + "å")), 118);
}

TEST(codec_encode, ports_are_always_wide) {
    EXPECT_EQ(tag_of(port{"a@b"_a, 1, 5}), 120);
}

TEST(codec_encode, a_fun_says_its_size_wherever_it_stands) {
    const byte_string fun = encoded({{112},
                                     u32(4 + 1 + 16 + 4 + 4 + 3 + 2 + 5 + 18 + 2 + 5),
                                     {2},
                                     "0123456789abcdef",
                                     u32(3),
                                     u32(2),
                                     {119, 1, 'm', 97, 3, 98},
                                     u32(123456),
                                     {88, 119, 3},
                                     "a@b",
                                     u32(1),
                                     u32(0),
                                     u32(4),
                                     {97, 1},
                                     {109},
                                     u32(0)});
    const byte_string alone = encoded({{131}, fun}), inside = encoded({{131, 104, 3, 97, 1}, fun, {106}});
    EXPECT_EQ(encode_bytes(decode_bytes(alone)), alone);
    const term again = decode_bytes(inside);
    EXPECT_EQ(encode_bytes(again), inside);
    EXPECT_EQ(etf::encoded_size(again.view()).value(), inside.size());
    for (const int off : {-1, 1}) {
        byte_string lying = alone;
        lying[5] = static_cast<std::byte>(static_cast<int>(lying[5]) + off);
        EXPECT_EQ(decode_errc(lying), errc::bad_length);
    }
}

TEST(codec_encode, terms_take_the_name_their_node_has_now) {
    const std::uint32_t origin = etf::local_origin::acquire();
    const term t = pid{{}, 7, 9, origin};
    EXPECT_EQ(decode_bytes(encode_bytes(t)).as<pid>().value(), (pid{"nonode@nohost"_a, 7, 9, 0}));
    etf::local_origin::set_identity(origin, {"named@now"_a, 5});
    EXPECT_EQ(decode_bytes(encode_bytes(t)).as<pid>().value(), (pid{"named@now"_a, 7, 9, 5}));
    etf::local_origin::release(origin);
}

TEST(codec_encode, a_default_constructed_atom_has_an_empty_name) {
    const byte_string empty = encoded({{119, 0}});
    EXPECT_EQ(encode_bytes(tuple(atom(), 1)), encoded({{131, 104, 2}, empty, {97, 1}}));
    EXPECT_EQ(encode_bytes(term(atom())), encoded({{131}, empty}));
}

TEST(codec_encode, identifiers_that_name_nothing_are_of_no_node) {
    const byte_string nobody = encoded({{119, 13}, "nonode@nohost"});
    const auto check = [&](const term& t, const byte_string& wanted) {
        const byte_string got = encode_bytes(tuple(t));
        EXPECT_EQ(got, encoded({{131, 104, 1}, wanted}));
        EXPECT_EQ(etf::encoded_size(term(tuple(t)).view()).value(), got.size());
    };
    check(pid(), encoded({{88}, nobody, u32(0), u32(0), u32(0)}));
    check(port(), encoded({{120}, nobody, u32(0), u32(0), u32(0)}));
    check(reference(), encoded({{90, 0, 3}, nobody, u32(0), u32(0), u32(0), u32(0)}));
}

// As a BEAM does, which reads and writes them like any other.
TEST(codec_encode, identifiers_of_a_node_with_an_empty_name_stay_what_they_are) {
    const byte_string empty = encoded({{119, 0}});
    for (const byte_string& id : {encoded({{131, 88}, empty, u32(1), u32(2), u32(3)}),
                                  encoded({{131, 120}, empty, u32(1), u32(2), u32(3)}),
                                  encoded({{131, 90, 0, 3}, empty, u32(0), u32(1), u32(2), u32(3)})}) {
        const auto d = etf::decode(std::as_bytes(std::span(id)));
        ASSERT_TRUE(d);
        EXPECT_EQ(encode_bytes(d->term), id);
    }
}

TEST(codec_encode, deterministic_maps_are_in_term_order_whatever_the_atom_numbers) {
    const term z = "zzz of the deterministic test"_a;  // interned first
    const term a = "aaa of the deterministic test"_a;
    const term m = map(z, 1, a, 2, 3, 3, 2.0, 4);
    const auto bytes = encode_bytes(m, {.deterministic = true});
    EXPECT_EQ(bytes, encoded({{131, 116},
                              u32(4),
                              {97, 3, 97, 3},
                              {70, 0x40, 0, 0, 0, 0, 0, 0, 0, 97, 4},
                              {119, 29},
                              "aaa of the deterministic test",
                              {97, 2},
                              {119, 29},
                              "zzz of the deterministic test",
                              {97, 1}}));
}

TEST(codec_encode, compresses_only_what_gets_smaller) {
    EXPECT_EQ(encode_bytes(std::string("short"), {.compression = 9}), encode_bytes(std::string("short")));
    EXPECT_EQ(encode_bytes(std::string(1000, 'x'), {.compression = 9}).at(1), std::byte{80});
    std::string noise;
    std::uint32_t x = 1;
    for (int i = 0; i < 1000; ++i)
        noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
    EXPECT_EQ(encode_bytes(noise, {.compression = 9}), encode_bytes(noise));
}

TEST(codec_encode, what_is_no_term_of_erlang_is_refused_and_the_buffer_as_before) {
    etf::byte_buffer out;
    out.append("before");
    EXPECT_EQ(etf::encode_to(out, term_view{}).error(), errc::not_encodable);
    etf::builder b;
    etf::detail::word* cells = nullptr;
    const auto w = b.put_tuple(2, cells);
    cells[0] = etf::detail::make_small(1);
    cells[1] = etf::detail::no_word;
    const term broken = b.finish(w);
    EXPECT_EQ(etf::encode_to(out, broken).error(), errc::not_encodable);
    EXPECT_EQ(etf::encoded_size(broken).error(), errc::not_encodable);
    EXPECT_EQ(bytes_of(out), encoded({"before"}));
}

TEST(codec_encode, message_atoms_number_the_atoms_of_a_message_in_order) {
    etf::message_atoms atoms;
    const term t = tuple("x_one"_a, "x_two"_a, "x_one"_a, pid{"a@b"_a, 1, 2, 3});
    etf::byte_buffer out;
    ASSERT_TRUE(etf::encode_to(out, t, {.version = false, .atoms = &atoms}));
    EXPECT_EQ(bytes_of(out), encoded({{104, 4, 82, 0, 82, 1, 82, 0, 88, 82, 2}, u32(1), u32(2), u32(3)}));
    ASSERT_EQ(atoms.atoms().size(), 3u);
    EXPECT_EQ(atoms.atoms()[1], "x_two"_a);
    EXPECT_EQ(atoms.atoms()[2], "a@b"_a);
    atoms.clear();
    EXPECT_TRUE(atoms.atoms().empty());
    EXPECT_EQ(atoms.index_of("x_two"_a), 0);
}

TEST(codec_encode, the_256th_atom_of_a_message_is_written_out) {
    etf::message_atoms atoms;
    for (int round = 0; round < 3; ++round, atoms.clear()) {
        for (int i = 0; i < 255; ++i)
            ASSERT_EQ(atoms.index_of(atom("numbered_" + std::to_string(i))), i) << round;
        EXPECT_FALSE(atoms.index_of("one too many"_a));
        EXPECT_EQ(atoms.index_of(atom("numbered_254")), 254);
        etf::byte_buffer out;
        ASSERT_TRUE(etf::encode_to(out, list("one too many"_a), {.version = false, .atoms = &atoms}));
        EXPECT_EQ(bytes_of(out), encoded({{108}, u32(1), {119, 12}, "one too many", {106}}));
    }
}

TEST(byte_buffer, gathers_large_shared_binaries_without_copying) {
    etf::shared_buffer* const buffer = etf::shared_buffer::make(1000);
    std::fill_n(buffer->data(), 1000, std::byte{'s'});
    {
        etf::builder b;
        etf::detail::word* cells = nullptr;
        const auto w = b.put_tuple(3, cells);
        cells[0] = b.put_shared_binary(buffer, buffer->data(), 8000);
        cells[1] = b.put_shared_binary(buffer, buffer->data(), 80);
        cells[2] = b.put_shared_binary(buffer, buffer->data() + 1, 7920);
        const term t = b.finish(w);
        etf::byte_buffer out;
        out.gather_from(500);
        ASSERT_TRUE(etf::encode_to(out, t));
        ASSERT_EQ(out.pieces().size(), 2u);
        EXPECT_EQ(out.pieces()[0].bytes.data(), buffer->data());
        byte_string all;
        out.for_each_piece([&](std::span<const std::byte> p) { all.insert(all.end(), p.begin(), p.end()); });
        EXPECT_EQ(all, encode_bytes(t));
        EXPECT_EQ(out.total_size(), all.size());
    }
    EXPECT_TRUE(buffer->unique()) << "pieces and terms gave their references back";
    buffer->release();
}

TEST(byte_buffer, a_binary_inside_a_fun_is_copied_because_the_size_must_be_known) {
    etf::shared_buffer* const buffer = etf::shared_buffer::make(100);
    std::fill_n(buffer->data(), 100, std::byte{'f'});
    {
        etf::builder b;
        auto* const p = b.allocate(etf::detail::fun_layout::free + 1);
        std::fill_n(p, etf::detail::fun_layout::free + 1, 0);
        p[0] = etf::detail::make_header(etf::detail::box::fun, 1);
        p[etf::detail::fun_layout::module] = term_view("m"_a).word();
        p[etf::detail::fun_layout::old_index] = p[etf::detail::fun_layout::old_uniq] =
            etf::detail::make_small(1);
        p[etf::detail::fun_layout::pid] = b.put_pid({"a@b"_a, 1, 1, 1});
        p[etf::detail::fun_layout::free] = b.put_shared_binary(buffer, buffer->data(), 800);
        const term t = b.finish(etf::detail::boxed(p));
        etf::byte_buffer out;
        out.gather_from(10);
        ASSERT_TRUE(etf::encode_to(out, t));
        EXPECT_TRUE(out.pieces().empty());
        EXPECT_EQ(decode_bytes(bytes_of(out)), t);
    }
    buffer->release();
}

TEST(byte_buffer, grows_keeps_and_gives_up_its_bytes) {
    etf::byte_buffer b;
    EXPECT_TRUE(b.empty());
    for (int i = 0; i < 1000; ++i)
        b.append_byte(static_cast<std::uint8_t>(i));
    b.append("tail");
    EXPECT_EQ(b.size(), 1004u);
    b.truncate(1000);
    EXPECT_EQ(b.bytes().back(), std::byte(999 % 256));
    etf::byte_buffer moved = std::move(b);
    EXPECT_EQ(moved.size(), 1000u);
    const auto [buffer, used] = moved.release();
    ASSERT_NE(buffer, nullptr);
    EXPECT_EQ(used, 1000u);
    EXPECT_EQ(buffer->data()[3], std::byte{3});
    EXPECT_TRUE(moved.empty());
    buffer->release();
    moved.append("again");
    EXPECT_EQ(moved.size(), 5u);
}

TEST(term_copy, takes_only_what_it_needs_and_flattens_lists) {
    term tail = list(2, 3);
    const term t = cons(1, tail);
    const term c = term::copy(t);
    EXPECT_EQ(c, t);
    EXPECT_EQ(c.owner()->bytes(), etf::detail::block_size(sizeof(etf::detail::arena) + 4 * 8));
    const term whole = tuple(std::string(10'000, 'x'), tuple(1, 2));
    const term part = term::copy(whole.tuple()[1]);
    EXPECT_EQ(part.owner()->bytes(), etf::detail::block_size(sizeof(etf::detail::arena) + 3 * 8));
    EXPECT_EQ(term::copy(term_view("ok"_a)).owner(), nullptr);
    const term empty = tuple();
    EXPECT_EQ(term::copy(empty).owner(), nullptr);
}

TEST(term_copy, a_resource_has_one_owner) {
    etf::builder b;
    auto* const p = b.allocate(etf::detail::resource_layout::words);
    p[0] = etf::detail::make_header(etf::detail::box::resource, 0);
    p[1] = p[2] = 0;
    const term t = b.finish(etf::detail::boxed(p));
    EXPECT_THROW((void)term::copy(t), boost::system::system_error);
    EXPECT_EQ(etf::encode(t).error(), errc::not_encodable);
}

}  // namespace
}  // namespace rakka::testing
