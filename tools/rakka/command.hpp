// A sub-command of `rakka`: each has a file of its own and a line in main.cpp.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace rakka::tools {

/// What a sub-command does once its arguments have been read; the program's exit status.
using work = std::function<int()>;

/// Adds the sub-command to `rakka` and sets `chosen` when it is the one on the command line.
using add_command = void (*)(CLI::App& rakka, work& chosen);

void add_call(CLI::App& rakka, work& chosen);
void add_capture(CLI::App& rakka, work& chosen);
void add_doctor(CLI::App& rakka, work& chosen);
void add_lint(CLI::App& rakka, work& chosen);
void add_names(CLI::App& rakka, work& chosen);
void add_ping(CLI::App& rakka, work& chosen);
void add_send(CLI::App& rakka, work& chosen);
void add_sys(CLI::App& rakka, work& chosen);
void add_trace(CLI::App& rakka, work& chosen);

}  // namespace rakka::tools
