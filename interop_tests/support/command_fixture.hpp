// The command `rakka` as a user runs it, beside real nodes.
#pragma once

#include "support/tls_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace rakka::interop {

struct outcome {
    int status = -1;
    std::string output;  // what it said and complained, in turn
};

class command_test : public tls_test {
protected:
    outcome run(const std::vector<std::string>& arguments) {
        // Names are lent to the programs of one folder.
        std::string line = "TMPDIR='" + files().path().string() + "' '" RAKKA_COMMAND "'";
        for (std::string a : arguments) {
            for (std::size_t i = 0; (i = a.find('\'', i)) != std::string::npos; i += 4)
                a.replace(i, 1, "'\\''");
            line += " '" + a + "'";
        }
        FILE* const pipe = ::popen((line + " 2>&1").c_str(), "r");
        if (pipe == nullptr) throw std::runtime_error("cannot run " + line);
        outcome o;
        std::array<char, 4096> some{};
        while (const std::size_t n = std::fread(some.data(), 1, some.size(), pipe))
            o.output.append(some.data(), n);
        const int status = ::pclose(pipe);
        o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return o;
    }
    outcome run_with(const std::string& what, const std::string& node,
                     const std::vector<std::string>& more = {}) {
        std::vector<std::string> all{what, node, "--epmd-port", std::to_string(epmd().port())};
        if (std::find(more.begin(), more.end(), "--cookie") == more.end())
            all.insert(all.end(), {"--cookie", options("unused").cookie});
        all.insert(all.end(), more.begin(), more.end());
        return run(all);
    }
};

}  // namespace rakka::interop
