// The names of functions: those that are exported, which the loader knows, and those in the symbol table of
// the program's own file, which it does not.
#include <rakka/actors/throw_trace.hpp>

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fstream>
#include <link.h>
#include <span>
#include <string>
#include <vector>

namespace rakka::detail {

namespace {

struct symbol {
    std::uintptr_t begin;
    std::uintptr_t end;
    std::size_t name;  ///< where it begins in `names`
};

struct symbols {
    std::vector<symbol> functions;  ///< by begin
    std::string names;
};

template <class T>
bool read(std::ifstream& from, std::uint64_t at, std::span<T> to) {
    from.seekg(static_cast<std::streamoff>(at));
    from.read(reinterpret_cast<char*>(to.data()), static_cast<std::streamsize>(to.size_bytes()));
    return from.good();
}

std::uintptr_t where_the_program_is() {
    std::uintptr_t base = 0;
    // The first that is visited is the program itself.
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* out) {
            *static_cast<std::uintptr_t*>(out) = info->dlpi_addr;
            return 1;
        },
        &base);
    return base;
}

void read_table(std::ifstream& file, const Elf64_Shdr& table, const Elf64_Shdr& names, symbols& out) {
    std::vector<Elf64_Sym> all(table.sh_size / sizeof(Elf64_Sym));
    out.names.resize(names.sh_size);
    if (!read(file, table.sh_offset, std::span(all)) || !read(file, names.sh_offset, std::span(out.names)))
        return;
    const std::uintptr_t base = where_the_program_is();
    for (const Elf64_Sym& s : all)
        if (ELF64_ST_TYPE(s.st_info) == STT_FUNC && s.st_size != 0 && s.st_name < out.names.size())
            out.functions.push_back({base + s.st_value, base + s.st_value + s.st_size, s.st_name});
    std::sort(out.functions.begin(), out.functions.end(),
              [](const symbol& a, const symbol& b) { return a.begin < b.begin; });
}

symbols read_program() {
    symbols out;
    std::ifstream file("/proc/self/exe", std::ios::binary);
    Elf64_Ehdr header{};
    if (!read(file, 0, std::span(&header, 1)) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64)
        return out;
    std::vector<Elf64_Shdr> sections(header.e_shnum);
    if (!read(file, header.e_shoff, std::span(sections))) return out;
    for (const Elf64_Shdr& s : sections)
        if (s.sh_type == SHT_SYMTAB && s.sh_link < sections.size())
            read_table(file, s, sections[s.sh_link], out);
    return out;
}

const char* name_in_program(const void* address) {
    static const symbols program = read_program();
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    const auto after = std::upper_bound(program.functions.begin(), program.functions.end(), at,
                                        [](std::uintptr_t a, const symbol& s) { return a < s.begin; });
    if (after == program.functions.begin() || at >= std::prev(after)->end) return nullptr;
    return program.names.c_str() + std::prev(after)->name;
}

}  // namespace

std::string function_at(const void* address) {
    const char* name = name_in_program(address);
    if (name == nullptr) {
        Dl_info found{};
        if (::dladdr(address, &found) != 0) name = found.dli_sname;
    }
    return name == nullptr ? std::string() : boost::core::demangle(name);
}

}  // namespace rakka::detail
