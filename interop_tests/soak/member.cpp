// A Rakka node of the soak, as a program of its own: its memory is that of a node and of nothing else.
#include "load.hpp"

#include <cstdlib>
#include <iostream>
#include <unistd.h>

int main(int argc, char** argv) {
    using namespace rakka;
    if (argc != 4) {
        std::cerr << "usage: rakka_soak_member NAME EPMD_PORT COOKIE\n";
        return 2;
    }
    rakka::system system({.workers = 2});
    node_options o;
    o.name = argv[1];
    o.cookie = cookie::from_text(argv[3]).value();
    o.listen_address = "127.0.0.1";
    o.epmd = epmd_mode::running;
    o.epmd_port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    auto self = node::start(system, std::move(o));
    if (!self) {
        std::cerr << self.error().message << '\n';
        return 1;
    }
    interop::export_soak_load(system, *self);
    std::cout << "ready" << std::endl;
    // Ends with the test that started it, whatever becomes of that.
    char nothing = 0;
    while (::read(STDIN_FILENO, &nothing, 1) > 0) {
    }
    return 0;
}
