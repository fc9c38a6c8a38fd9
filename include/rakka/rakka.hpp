// All of Rakka: terms, processes, behaviours and being a node of a cluster.
#pragma once

#include <rakka/actors.hpp>
#include <rakka/etf.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/node.hpp>
#include <rakka/otp.hpp>
