// Behaviours written against actors/: gen_server.
#pragma once

#include <rakka/otp/gen_server.hpp>
