// Distribution over Unix sockets: for nodes of one machine, which find each other by the names of files.
#pragma once

#include <cstddef>
#include <filesystem>

namespace rakka {

/// Where the sockets are and who may use them. A node listens at, and is dialled at, `directory` / the part
/// of its name before the @; the host part says nothing. This is the rule of Erlang's example erl_uds_dist,
/// with the directory in which a BEAM was started. A socket that a node left behind is replaced by the next
/// one of its name; a node that ends removes its own. Erlang: `-proto_dist erl_uds`.
struct unix_socket_options {
    /// Must exist, and belong to those who start nodes: who can write to it can take their places. A relative
    /// one counts from the program's current directory at the time of each use. With the name of a node it
    /// may have 107 bytes (a limit of the system's).
    std::filesystem::path directory = ".";
    /// Who may connect to our socket, as for chmod: writing is what counts, so 0660 is for a group and 0666
    /// for all. Others get "permission denied" from the system before anything is read.
    unsigned mode = 0600;
    /// Whether only programs of the same user are talked to, whoever of the two dials, and whatever the
    /// cookie: the system tells who they are. Erlang has no such thing.
    bool same_user = true;
};

/// What a path of a Unix socket may have, without its final zero byte.
inline constexpr std::size_t max_unix_socket_path = 107;

}  // namespace rakka
