// Everything of the node component: nodes, their options, cookies, monitors, exported functions, the embedded
// epmd.
#pragma once

#include <rakka/actors/exports.hpp>           // IWYU pragma: export
#include <rakka/node/connection_info.hpp>     // IWYU pragma: export
#include <rakka/node/cookie.hpp>              // IWYU pragma: export
#include <rakka/node/creation.hpp>            // IWYU pragma: export
#include <rakka/node/discovery.hpp>           // IWYU pragma: export
#include <rakka/node/distribution_flags.hpp>  // IWYU pragma: export
#include <rakka/node/epmd_client.hpp>         // IWYU pragma: export
#include <rakka/node/epmd_server.hpp>         // IWYU pragma: export
#include <rakka/node/erpc.hpp>                // IWYU pragma: export
#include <rakka/node/errc.hpp>                // IWYU pragma: export
#include <rakka/node/global.hpp>              // IWYU pragma: export
#include <rakka/node/io.hpp>                  // IWYU pragma: export
#include <rakka/node/log.hpp>                 // IWYU pragma: export
#include <rakka/node/node.hpp>                // IWYU pragma: export
#include <rakka/node/node_monitor.hpp>        // IWYU pragma: export
#include <rakka/node/node_name.hpp>           // IWYU pragma: export
#include <rakka/node/options.hpp>             // IWYU pragma: export
#include <rakka/node/peer_rule.hpp>           // IWYU pragma: export
#include <rakka/node/pg.hpp>                  // IWYU pragma: export
#include <rakka/node/rpc.hpp>                 // IWYU pragma: export
#include <rakka/node/tls_options.hpp>         // IWYU pragma: export
