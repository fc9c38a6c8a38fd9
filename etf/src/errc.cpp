#include <rakka/etf/errc.hpp>

#include <string>

namespace rakka::etf {
namespace {

const char* sentence(errc e) noexcept {
    switch (e) {
        case errc::truncated:
            return "the bytes end before the term does";
        case errc::bad_version:
            return "not an external term: the first byte is not 131";
        case errc::bad_tag:
            return "a tag that is not allowed here";
        case errc::bad_length:
            return "a length field that contradicts its own term";
        case errc::bad_float:
            return "a float that is not a finite number";
        case errc::bad_utf8:
            return "text that is not valid UTF-8";
        case errc::atom_too_long:
            return "an atom of more than 255 characters";
        case errc::duplicate_key:
            return "the same key twice";
        case errc::bad_cache_reference:
            return "a reference to an atom that the distribution header does not name";
        case errc::bad_compressed:
            return "compressed data that does not inflate to the size it announces";
        case errc::too_deep:
            return "nested deeper than the limit (decode_limits::max_depth)";
        case errc::too_large:
            return "needs more memory than the limit (decode_limits::max_words)";
        case errc::inflate_limit:
            return "inflates to more than the limit (decode_limits::max_inflated_bytes)";
        case errc::atom_table_full:
            return "the atom table is full";
        case errc::wrong_type:
            return "a term of another type than the one asked for";
        case errc::out_of_range:
            return "a number outside the range of the type asked for";
        case errc::not_encodable:
            return "a value that cannot leave this program";
        case errc::syntax:
            return "text that is not a term";
        case errc::missing_key:
            return "a map without the key of a member that is not optional";
        case errc::unknown_key:
            return "a map with a key that is no member's name";
        case errc::unknown_name:
            return "an atom that is no enumerator's name";
    }
    return "unknown error";
}

class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "rakka.etf"; }
    std::string message(int value) const override { return sentence(static_cast<errc>(value)); }
};

}  // namespace

const boost::system::error_category& etf_category() noexcept {
    static const category instance;
    return instance;
}

}  // namespace rakka::etf
