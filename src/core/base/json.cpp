#include "core/base/json.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/stop.hpp"

namespace lead_scoring {

namespace {

constexpr std::size_t kMostLevels = 64;

// The parser wants UTF-8, the text may be in any encoding that has ASCII in it: each byte becomes the character of that
// number, and that a byte again.
std::string widen(std::string_view bytes) {
    std::string wide;
    wide.reserve(bytes.size());
    for (char c : bytes) {
        auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) wide += static_cast<char>(0xc0 | byte >> 6);
        wide += byte < 0x80 ? c : static_cast<char>(0x80 | (byte & 0x3f));
    }
    return wide;
}

// False where there is a character that was no byte, by an escape.
bool narrow(std::string& text) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto byte = static_cast<unsigned char>(text[i]);
        if (byte > 0xc3) return false;
        if (byte >= 0x80) byte = static_cast<unsigned char>(byte << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f));
        text[length++] = static_cast<char>(byte);
    }
    text.resize(length);
    return true;
}

// What the parser calls, which neither recurses nor throws by itself.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
  public:
    explicit TreeBuilder(void (*refuse)(const std::string& detail)) : refuse_(refuse) {}

    JsonValue take() { return std::move(root_); }

    bool null() override { return add({}); }
    bool boolean(bool truth) override { return add({.kind = JsonValue::Kind::Boolean, .truth = truth}); }
    bool number_integer(std::int64_t number) override { return add_number(std::to_string(number)); }
    bool number_unsigned(std::uint64_t number) override { return add_number(std::to_string(number)); }
    bool number_float(double, const std::string& written) override { return add_number(written); }
    bool string(std::string& text) override {
        require_bytes(text);
        return add({.kind = JsonValue::Kind::Text, .text = std::move(text)});
    }
    bool binary(nlohmann::json::binary_t&) override { return false; }
    bool key(std::string& name) override {
        require_bytes(name);
        open_.back()->names.push_back(std::move(name));
        return true;
    }
    bool start_object(std::size_t) override { return open(JsonValue::Kind::Object); }
    bool start_array(std::size_t) override { return open(JsonValue::Kind::List); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
        refuse_("It is no JSON at byte " + std::to_string(position) + ", or has a number that is out of range.");
        return false;
    }

  private:
    void require_bytes(std::string& text) {
        if (!narrow(text)) refuse_("It has an escape of a character that is no ASCII.");
    }
    bool add(JsonValue&& value) {
        check_stop();
        if (open_.empty()) {
            root_ = std::move(value);
        } else {
            open_.back()->items.push_back(std::move(value));
        }
        return true;
    }
    bool add_number(std::string written) { return add({.kind = JsonValue::Kind::Number, .text = std::move(written)}); }
    bool open(JsonValue::Kind kind) {
        if (open_.size() == kMostLevels) refuse_("It has more than " + std::to_string(kMostLevels) + " levels.");
        add({.kind = kind});
        open_.push_back(open_.empty() ? &root_ : &open_.back()->items.back());
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    void (*refuse_)(const std::string& detail);
    JsonValue root_;
    std::vector<JsonValue*> open_;  // the innermost last; only that one grows
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
    for (std::size_t i = names.size(); i > 0; --i)
        if (names[i - 1] == name) return &items[i - 1];
    return nullptr;
}

JsonValue parse_json(std::string_view text, void (*refuse)(const std::string& detail)) {
    TreeBuilder builder(refuse);
    nlohmann::json::sax_parse(widen(text), &builder);
    return builder.take();
}

}  // namespace lead_scoring
