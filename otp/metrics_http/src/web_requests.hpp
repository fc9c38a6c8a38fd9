// What is asked of the web server and what it answers, without HTTP's details.
#pragma once

#include <string>

namespace rakka::detail {

struct web_request {
    bool is_get = false;  ///< GET or HEAD
    std::string path;     ///< without what follows a `?`
};

struct web_answer {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body{};
};

}  // namespace rakka::detail
