// JSON as a tree that is asked by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lead_scoring {

struct JsonValue {
    enum class Kind { Null, Boolean, Number, Text, List, Object };

    Kind kind = Kind::Null;
    bool truth = false;              // of a boolean
    std::string text;                // a text, or a number as it was written
    std::vector<std::string> names;  // of an object's items
    std::vector<JsonValue> items;    // of a list or an object

    // The item of that name of an object; of two, the later one. Null where there is none, or this is no object.
    const JsonValue* find(std::string_view name) const;
};

// Reads what the server prints of a jsonb. Text is in the server's encoding, whatever that is, and stays in it: bytes
// that are no ASCII are passed on as they are, and there are no escapes of such characters. Of what cannot be read it
// calls refuse(detail), which throws.
JsonValue parse_json(std::string_view text, void (*refuse)(const std::string& detail));

}  // namespace lead_scoring
