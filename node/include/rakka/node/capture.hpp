// Recordings of connections between nodes: kept in a file, read by people, said again to a node.
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/node/cookie.hpp>

#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::capture {

/// Which of the two nodes sent something: the one that connected, or the one that was connected to.
enum class side : std::uint8_t { dialler, acceptor };

/// Something that happened to a connection. A recording is a sequence of these.
struct happening {
    enum class kind : std::uint8_t {
        opened = 1,  ///< `text`: the addresses of both sides
        bytes = 2,   ///< `data` was sent by `from`
        closed = 3,  ///< by `from`, or broken on its side; `text` says how
    };
    kind what = kind::bytes;
    side from = side::dialler;
    std::uint32_t connection = 1;   ///< counted from 1 in the order in which they were opened
    std::chrono::nanoseconds at{};  ///< since the recording began
    std::vector<std::byte> data{};
    std::string text{};

    friend bool operator==(const happening&, const happening&) = default;
};

/// Writes a recording. Whoever has it can read all that was said, and guess at the cookie for as long as he
/// likes: keep it like one. One thread at a time; blocks as the stream does.
class recording_writer {
public:
    /// Begins a recording. `to` outlives the writer.
    explicit recording_writer(std::ostream& to);
    /// Appends `h`. False when the stream failed.
    bool add(const happening& h);

private:
    std::ostream& to_;
};

/// Reads a recording. One thread at a time.
class recording_reader {
public:
    /// The largest `data` that is taken as one happening: 64 MiB.
    static constexpr std::size_t max_data = std::size_t{64} << 20;

    /// Whether `from`, which outlives the reader, begins as a recording does; else node_errc::bad_recording.
    static result<recording_reader> open(std::istream& from);
    /// What happened next; nothing at the end. bad_recording: cut short, or no recording from here on.
    [[nodiscard]] result<std::optional<happening>> next();

private:
    explicit recording_reader(std::istream& from) noexcept : from_(&from) {}
    std::istream* from_;
};

/// How a conversation is put into words.
struct reading_options {
    /// Characters of a message's contents that are shown; 0: all of them.
    std::size_t max_text = 400;
};

/// Something one side said: a step of the handshake, a tick, or a signal with its contents, on one line.
struct statement {
    side from = side::dialler;
    std::string text;
};

/// Follows one connection from its first byte and says what it means: the handshake, then every signal with
/// the atoms of its cache put in and fragments put together. Bytes that break the protocol end the reading of
/// that side, with a statement that says why; it never fails. What is encrypted (TLS) cannot be read. Atoms
/// that are read become atoms of this program, up to 50,000 for each side; further ones are kept as text.
/// One thread at a time.
class conversation_reader {
public:
    explicit conversation_reader(reading_options options = {});
    ~conversation_reader();
    conversation_reader(conversation_reader&&) noexcept;
    conversation_reader& operator=(conversation_reader&&) noexcept;

    /// The next bytes of one side, in any pieces but in the order of both sides; what they complete.
    [[nodiscard]] std::vector<statement> read(side from, std::span<const std::byte> data);
    /// The node on this side; empty until it has said its name.
    [[nodiscard]] const std::string& name(side which) const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Plays the dialler of a recorded connection to a node: makes a handshake of its own, under the recorded
/// name, creation and flags, and then says everything that the dialler said after its handshake, byte for
/// byte. Signals to processes by pid reach them only in the same incarnation of the node; those to names
/// always. Owns no socket: one thread at a time, never blocks.
class replay {
public:
    /// A sentence that says what is wrong.
    template <class T>
    using outcome = boost::system::result<T, std::string>;

    /// Connection number `connection` of the recording. `secret` is the cookie of the node it goes to. Fails
    /// when there is no such connection, its handshake was not completed, it is encrypted, or its dialler had
    /// no name of its own.
    static outcome<replay> of(std::istream& recording, std::uint32_t connection, cookie secret);
    ~replay();
    replay(replay&&) noexcept;
    replay& operator=(replay&&) noexcept;

    /// Whom the dialler connected to, and as what.
    [[nodiscard]] const std::string& acceptor() const noexcept;
    [[nodiscard]] const std::string& dialler() const noexcept;
    /// What is to be sent first. Fails when nobody could dial so: both recorded nodes have the same name.
    [[nodiscard]] outcome<std::vector<std::byte>> start();
    /// These bytes came: what is to be sent next, perhaps nothing. The last part of the handshake is answered
    /// with the whole rest of the recording; what comes afterwards needs no answer. Fails when the peer does
    /// not let us in, or talks in another form than when it was recorded (another version); then that was
    /// all, and so it is after start() has failed: the same failure again.
    [[nodiscard]] outcome<std::vector<std::byte>> received(std::span<const std::byte> data);
    /// Whether the handshake is through.
    [[nodiscard]] bool connected() const noexcept;

private:
    struct state;
    explicit replay(std::unique_ptr<state> s) noexcept;
    std::unique_ptr<state> state_;
};

}  // namespace rakka::capture
