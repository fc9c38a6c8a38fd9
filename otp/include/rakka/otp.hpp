// Umbrella: behaviours and what belongs to them.
#pragma once

#include <rakka/otp/agent.hpp>                 // IWYU pragma: export
#include <rakka/otp/application.hpp>           // IWYU pragma: export
#include <rakka/otp/child_spec.hpp>            // IWYU pragma: export
#include <rakka/otp/dynamic_supervisor.hpp>    // IWYU pragma: export
#include <rakka/otp/event_handler.hpp>         // IWYU pragma: export
#include <rakka/otp/gen_event.hpp>             // IWYU pragma: export
#include <rakka/otp/gen_server.hpp>            // IWYU pragma: export
#include <rakka/otp/gen_statem.hpp>            // IWYU pragma: export
#include <rakka/otp/logger.hpp>                // IWYU pragma: export
#include <rakka/otp/metrics.hpp>               // IWYU pragma: export
#include <rakka/otp/partition_supervisor.hpp>  // IWYU pragma: export
#include <rakka/otp/proc_lib.hpp>              // IWYU pragma: export
#include <rakka/otp/readiness.hpp>             // IWYU pragma: export
#include <rakka/otp/registry.hpp>              // IWYU pragma: export
#include <rakka/otp/requests.hpp>              // IWYU pragma: export
#include <rakka/otp/server_name.hpp>           // IWYU pragma: export
#include <rakka/otp/service.hpp>               // IWYU pragma: export
#include <rakka/otp/shutdown.hpp>              // IWYU pragma: export
#include <rakka/otp/start.hpp>                 // IWYU pragma: export
#include <rakka/otp/supervisor.hpp>            // IWYU pragma: export
#include <rakka/otp/sys.hpp>                   // IWYU pragma: export
#include <rakka/otp/sys_debug.hpp>             // IWYU pragma: export
#include <rakka/otp/task.hpp>                  // IWYU pragma: export
#include <rakka/otp/task_stream.hpp>           // IWYU pragma: export
#include <rakka/otp/task_supervisor.hpp>       // IWYU pragma: export
#include <rakka/otp/trace.hpp>                 // IWYU pragma: export
