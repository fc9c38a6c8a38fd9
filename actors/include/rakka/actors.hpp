// Umbrella: processes and everything they may say to each other.
#pragma once

#include <rakka/actors/aliases.hpp>
#include <rakka/actors/destination.hpp>
#include <rakka/actors/errc.hpp>
#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/actors/handler.hpp>
#include <rakka/actors/inspection.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/log.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/reductions.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/seq_trace.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/spawn_option_terms.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/actors/timers.hpp>
#include <rakka/actors/trace_token.hpp>
