// Events as text: OTP's layout, and JSON.
#pragma once

#include <rakka/actors/log.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace rakka::log {

/// Makes the text of an event, with its line end. On the thread that logs, several at a time.
using formatter = std::function<std::string(const log_event&)>;

/// Lays an event out as OTP's `logger_formatter` does with this configuration. Reports of gen_server,
/// gen_statem, gen_event, supervisor, proc_lib and application_controller, which they are told by their
/// `label`, are put in the words of OTP; others are pairs `key: value`.
struct text_options {
    /// Line ends become `, `.
    bool single_line = true;
    /// `=ERROR REPORT==== 28-Nov-2026::15:30:00.123456 ===` on a line of its own.
    bool legacy_header = false;
    /// Keys of the metadata in braces, of which `level` and `msg` are two; what is not there is empty, `{{`
    /// is a brace. Empty: "{time} {level}: {msg}\n"; not single_line: "{time} {level}:\n{msg}\n";
    /// legacy_header:
    /// "{header}\n{msg}\n". OTP: `template`.
    std::string layout{};
    char time_designator = 'T';
    /// "": local time; "Z" or "+02:00".
    std::string time_offset{};
    /// Of terms, as `~P` has it; 0: no limit.
    std::size_t depth = 0;
    /// Characters of a message; 0: no limit, as in OTP. Here there is one, since events come from other nodes
    /// as well.
    std::size_t chars_limit = std::size_t{64} << 10;
    /// Characters of the whole, at least 10; 0: no limit.
    std::size_t max_size = 0;
};
[[nodiscard]] formatter text_format(text_options how = {});

struct json_options {
    std::string time_offset{"Z"};  ///< as above
    /// Characters of a text, and of the report and all metadata together; 0: no limit. What goes beyond is
    /// `"..."`.
    std::size_t chars_limit = std::size_t{64} << 10;
};
/// An object on a line of its own: `time`, `level`, `msg` (the text, or the report in words), `report` (the
/// report as it is), `pid`, `gl`, `node`, `mfa`, `file`, `line`, `domain` and every other key of the
/// metadata, each only where there is something. Atoms, binaries of text and lists of characters are strings;
/// lists arrays; maps, and lists of pairs with atoms, objects; what JSON has not is written as `~tp` prints
/// it.
[[nodiscard]] formatter json_format(json_options how = {});

}  // namespace rakka::log
