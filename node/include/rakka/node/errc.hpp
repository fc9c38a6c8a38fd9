// Errors of the node component: one enumerator each, whose sentence names the cause and the cure.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <type_traits>

namespace rakka {

/// What went wrong with names, cookies, epmd or a connection. Convertible to boost::system::error_code (and,
/// through it, to std::error_code). The longer story of one failed handshake is in
/// `handshake::handshake_error`.
enum class node_errc {
    // Names and creations
    bad_node_name = 1,        ///< not `name@host` with text on both sides of exactly one '@'
    bad_node_name_character,  ///< blank, control or non-Latin-1 character, or an alive part outside
                              ///< [A-Za-z0-9_-]
    node_name_too_long,       ///< more than 255 characters
    host_has_dots,            ///< a long host part where short names are used
    host_has_no_dots,         ///< a short host part where long names are used
    // Options
    bad_option,  ///< a field of node_options that makes no sense, alone or beside another
    // Cookies
    bad_cookie,               ///< empty, over 255 characters, or not printable
    cookie_file_missing,      ///< there is no such file
    cookie_file_exists,       ///< asked to create a cookie file where one is
    cookie_file_permissions,  ///< others than the owner may read or write the file
    cookie_file_not_regular,  ///< a directory, pipe or the like
    cookie_file_unreadable,   ///< opening, reading or writing failed
    // epmd
    epmd_unreachable,     ///< no answer to the connection attempt
    epmd_closed,          ///< closed before the whole reply
    epmd_bad_reply,       ///< bytes that are no epmd reply
    epmd_bad_request,     ///< bytes that are no epmd request
    epmd_timeout,         ///< no reply in time
    epmd_wrong_address,   ///< the answering epmd names another port than the one dialled
    node_name_taken,      ///< a living node has that name, says epmd or its Unix socket
    node_not_registered,  ///< epmd does not know the name, or nobody listens at its Unix socket
    epmd_table_full,      ///< the embedded epmd takes no more names
    // Handshake
    handshake_closed,       ///< the peer closed the connection in the middle
    handshake_timeout,      ///< the peer did not finish in time
    handshake_bad_message,  ///< a message that cannot be read, or another than the one due
    handshake_too_large,    ///< a length field beyond the limit
    handshake_not_allowed,  ///< the peer refused our name or flags
    handshake_refused,      ///< we refused the peer's name
    missing_flags,          ///< the peer lacks capabilities this node cannot do without
    wrong_cookie,           ///< the digest does not fit our cookie
    wrong_peer_name,        ///< the node that answered is not the one dialled
    unsupported_version,    ///< the peer speaks another version of the handshake
    simultaneous_connect,   ///< both dialled; the other connection goes on
    already_connected,      ///< there is a living connection that goes on
    attempt_superseded,     ///< the owner no longer wants this attempt
    connected_to_self,      ///< a node that dials its own name
    name_not_given,         ///< asked for a name, got none
    // Connections (frames, ticks)
    connection_lost,      ///< the peer or the network closed the connection
    tick_timeout,         ///< nothing was read for net_ticktime
    frame_too_large,      ///< a frame beyond the limit
    bad_frame,            ///< a frame, header or fragment that breaks the protocol
    bad_control_message,  ///< a control message that is unknown or malformed
    limit_exceeded,       ///< the peer used more of a bounded resource than it may
    not_allowed,          ///< a rule does not let the peer do that, or it is of another user (Unix sockets)
    // TLS
    tls_mismatch,             ///< one of the two nodes speaks TLS, the other does not
    tls_no_common_version,    ///< no version of TLS that both allow
    tls_untrusted,            ///< the peer's certificate does not lead to one that we trust
    tls_certificate_expired,  ///< the peer's certificate is not valid any more, or not yet
    tls_wrong_host,           ///< the peer's certificate is for another host
    tls_no_certificate,       ///< a peer that must show a certificate has shown none
    tls_refused,              ///< the peer does not accept our certificate
    tls_failed,               ///< anything else that ended TLS
    // Recordings
    bad_recording,  ///< a file that is no recording of connections, or a damaged one
};

/// The category "rakka.node". Any thread.
const boost::system::error_category& node_category() noexcept;

inline boost::system::error_code make_error_code(node_errc e) noexcept {
    return {static_cast<int>(e), node_category()};
}

}  // namespace rakka

template <>
struct boost::system::is_error_code_enum<rakka::node_errc> : std::true_type {};
