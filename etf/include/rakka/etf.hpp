// Erlang terms: building, looking into, matching, converting, ordering, printing, parsing, encoding and
// decoding.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/decode.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/etf/errc.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/limits.hpp>
#include <rakka/etf/match.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/etf/parse.hpp>
#include <rakka/etf/print.hpp>
#include <rakka/etf/term.hpp>
// Not here, for the compile time they cost: <rakka/etf/convert.hpp> (containers, variants, described structs)
// and <rakka/etf/integer.hpp> (integers of any size).
