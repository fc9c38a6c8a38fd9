#include "metrics/metric_figures.hpp"

#include <rakka/actors/inspection.hpp>
#include <rakka/etf/atom.hpp>

#include <chrono>
#include <cstdint>
#include <dirent.h>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace rakka::detail {
namespace {

class figure_writer {
public:
    explicit figure_writer(std::vector<figure>& out) : out_(out) {}

    template <class Number>
    void gauge(std::string_view name, std::string_view help, Number value,
               std::vector<std::pair<std::string, std::string>> labels = {}) {
        add(name, help, figure::kind::gauge, static_cast<double>(value), std::move(labels));
    }
    template <class Number>
    void counter(std::string_view name, std::string_view help, Number value,
                 std::vector<std::pair<std::string, std::string>> labels = {}) {
        add(name, help, figure::kind::counter, static_cast<double>(value), std::move(labels));
    }

private:
    void add(std::string_view name, std::string_view help, figure::kind type, double value,
             std::vector<std::pair<std::string, std::string>> labels) {
        out_.push_back({std::string(name), std::string(help), type, std::move(labels), value});
    }

    std::vector<figure>& out_;
};

double seconds(std::chrono::nanoseconds t) {
    return std::chrono::duration<double>(t).count();
}

void add_worker_figures(const system_statistics& s, figure_writer& out) {
    for (std::size_t i = 0; i < s.run_queues.size(); ++i) {
        const bool is_worker = i + 1 < s.run_queues.size();
        out.gauge("rakka_run_queue_length", "Processes that could run and wait for a worker.",
                  s.run_queues[i], {{"worker", is_worker ? std::to_string(i) : std::string("none")}});
    }
    if (!s.worker_times) return;
    for (std::size_t i = 0; i < s.worker_times->size(); ++i)
        out.counter("rakka_worker_cpu_seconds_total", "Processor time of a worker.",
                    seconds((*s.worker_times)[i]), {{"worker", std::to_string(i)}});
}

/// The fields of /proc/self/stat behind the name of the program, which may have anything in it.
std::optional<std::vector<std::uint64_t>> program_fields() {
    std::ifstream file("/proc/self/stat");
    std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto end_of_name = all.rfind(')');
    if (end_of_name == std::string::npos) return std::nullopt;
    std::istringstream rest(all.substr(end_of_name + 1));
    std::string state;
    rest >> state;
    std::vector<std::uint64_t> fields;
    for (std::int64_t n = 0; rest >> n;)
        fields.push_back(static_cast<std::uint64_t>(n));
    // Up to the resident set, as proc(5) counts: 3 is the state, 24 the last that is needed.
    return fields.size() < 21 ? std::nullopt : std::optional(std::move(fields));
}

/// When the machine was started.
std::optional<std::uint64_t> boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("btime ")) return std::stoull(line.substr(6));
    return std::nullopt;
}

std::optional<std::size_t> open_files() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), &closedir);
    if (!folder) return std::nullopt;
    std::size_t n = 0;
    while (const dirent* const entry = readdir(folder.get()))
        if (entry->d_name[0] != '.') ++n;
    return n - 1;  // the folder itself
}

}  // namespace

void add_system_figures(system& s, std::vector<figure>& to) {
    const system_statistics now = statistics_of(s);
    figure_writer out(to);
    out.gauge("rakka_processes", "Processes that live.", now.processes);
    out.gauge("rakka_process_limit", "Processes that may live at a time.", now.max_processes);
    out.counter("rakka_process_spawns_total", "Processes that were started.", now.spawned);
    out.counter("rakka_messages_total", "Messages sent to processes of this system.", now.messages);
    out.counter("rakka_reductions_total", "Reductions of all processes, as of slices that are over.",
                now.reductions);
    out.counter("rakka_slices_total", "Turns that workers have given to processes.", now.slices);
    out.gauge("rakka_workers", "Worker threads.", now.workers);
    add_worker_figures(now, out);
    out.gauge("rakka_longest_mailbox_messages",
              "The most messages that were ever seen to wait for one process; 0: always fewer than 128.",
              now.longest_mailbox);
    out.gauge("rakka_timers", "Messages that wait for their time.", now.timers);
    out.gauge("rakka_timer_limit", "Messages that may wait for their time at once.", now.max_timers);
    out.gauge("rakka_process_memory_bytes", "Bytes of the process table and of stacks.", now.process_memory);
    out.gauge("rakka_atoms", "Atoms of the program.", atom::count());
    out.gauge("rakka_atom_limit", "Atoms that the program may have.", atom::max_atoms);
    out.gauge("rakka_uptime_seconds", "Since the system was made.", seconds(now.uptime));
}

void add_program_figures(std::vector<figure>& to) {
    figure_writer out(to);
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    if (const auto fields = program_fields()) {
        // By the numbers of proc(5), of which the first here is 4.
        const auto field = [&](std::size_t number) { return static_cast<double>((*fields)[number - 4]); };
        out.counter("process_cpu_seconds_total", "Processor time of the program.",
                    (field(14) + field(15)) / ticks);
        out.gauge("process_virtual_memory_bytes", "Address space of the program.", field(23));
        out.gauge("process_resident_memory_bytes", "Memory of the program.", field(24) * page);
        out.gauge("process_threads", "Threads of the program.", field(20));
        if (const auto boot = boot_time())
            out.gauge("process_start_time_seconds", "When the program was started, since 1970.",
                      static_cast<double>(*boot) + field(22) / ticks);
    }
    if (const auto files = open_files())
        out.gauge("process_open_fds", "Files and sockets that are open.", *files);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out.gauge("process_max_fds", "Files and sockets that may be open.", limit.rlim_cur);
}

}  // namespace rakka::detail
