#include "core/statistics/touch_credits.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "unit/seeds.hpp"

namespace lead_scoring {
namespace {

using test::Choices;

struct Lead {
    std::vector<std::pair<std::int64_t, std::string>> touches;  // sorted
    std::array<std::int64_t, kConversions> converted_at;
    bool has_value;
};

Lead random_lead(Choices& choices) {
    static const std::vector<std::string> kNames = {"ads", "direct", "mail", "social", "(none)"};
    Lead lead;
    for (std::uint64_t count = choices.below(7); count > 0; --count)
        lead.touches.emplace_back(choices.between(0, 30), choices.pick(kNames));
    std::ranges::sort(lead.touches);
    for (auto& at : lead.converted_at) at = choices.one_in(2) ? kNotConverted : choices.between(0, 40);
    lead.has_value = choices.one_in(3);
    return lead;
}

// By the functions of each method, a conversion at a time.
using Credits = std::map<std::string, std::int64_t>;
Credits credits_of(const Lead& lead, std::int64_t at, const CreditSettings& settings, AttributionModel model) {
    std::map<std::string, ChannelTouches> by_name;
    for (const auto& [touched, name] : lead.touches) {
        if (touched > at || at - touched > settings.look_back) continue;
        auto [place, is_new] = by_name.try_emplace(name, ChannelTouches{is_direct(name), 0, touched, touched});
        ++place->second.touches;
        place->second.last = touched;
    }
    if (by_name.empty()) return {{"", kWholeCredit}};
    std::vector<std::string> names;
    std::vector<ChannelTouches> channels;
    for (const auto& [name, channel] : by_name) {
        names.push_back(name);
        channels.push_back(channel);
    }
    if (model == AttributionModel::TimeDecay) {
        std::vector<Touch> touches;
        for (const auto& [touched, name] : lead.touches)
            if (touched <= at && at - touched <= settings.look_back)
                touches.push_back(
                    {touched, static_cast<std::uint32_t>(std::ranges::find(names, name) - names.begin())});
        weigh_touches(touches, settings.half_life, channels);
    }
    attribute(model, channels);
    Credits credits;
    for (std::size_t i = 0; i < names.size(); ++i) credits[names[i]] = channels[i].credit;
    return credits;
}

std::vector<std::string> path_of(const Lead& lead, bool converted, std::int64_t at, const CreditSettings& settings) {
    std::vector<std::string> path;
    for (const auto& [touched, name] : lead.touches)
        if (!converted || (touched <= at && at - touched <= settings.look_back)) path.push_back(name);
    return path;
}

TEST(TouchCredits, AreThoseOfEachConversionByItself) {
    test::for_each_seed(300, [](Choices& choices) {
        CreditSettings settings;
        settings.as_of = 35;
        settings.look_back = choices.one_in(2) ? 10 : std::numeric_limits<std::int64_t>::max();
        settings.half_life = 7;
        settings.since = choices.one_in(2) ? 5 : settings.since;
        settings.before = choices.one_in(2) ? 20 : settings.before;
        TouchCredits credits(settings);
        std::map<std::string, __int128> expected[kAttributionMethods][kConversions];
        std::map<std::string, std::int64_t> touches, touched, first;
        std::map<std::pair<std::string, std::string>, std::int64_t> steps[kConversions + 1];
        std::int64_t conversions[kConversions + 1] = {}, unattributed[kConversions + 1] = {};
        std::set<std::string> names;
        for (std::uint64_t count = choices.below(12); count > 0; --count) {
            Lead lead = random_lead(choices);
            std::vector<std::string_view> own_names;
            std::vector<PathTouch> path;
            std::set<std::string> in_span;
            for (const auto& [at, name] : lead.touches) {
                own_names.push_back(name);  // one may be there several times
                path.push_back({at, static_cast<std::uint32_t>(own_names.size() - 1)});
                names.insert(name);
                if (at < settings.since || at >= settings.before) continue;
                ++touches[name];
                in_span.insert(name);
            }
            for (const std::string& name : in_span) ++touched[name];
            ++first[lead.touches.empty() ? "" : lead.touches.front().second];
            auto shares = credits.add({path, own_names, lead.converted_at, lead.has_value});
            std::map<std::pair<std::size_t, std::string>, std::int64_t> value;
            for (const ValueShare& share : shares)
                value[{share.method, share.channel == kNoChannel ? "" : std::string(credits.name(share.channel))}] +=
                    share.credit;
            bool is_customer = lead.converted_at[2] != kNotConverted;
            std::map<std::pair<std::size_t, std::string>, std::int64_t> expected_value;
            for (std::size_t method = 0; method < kAttributionMethods; ++method) {
                auto model = static_cast<AttributionModel>(method);
                for (std::size_t i = 0; i < kConversions; ++i)
                    if (lead.converted_at[i] != kNotConverted)
                        for (const auto& [name, credit] : credits_of(lead, lead.converted_at[i], settings, model))
                            expected[method][i][name] += credit;
                if (lead.has_value)
                    for (const auto& [name, credit] :
                         credits_of(lead, is_customer ? lead.converted_at[2] : settings.as_of, settings, model))
                        expected_value[{method, name}] += credit;
            }
            EXPECT_EQ(value, expected_value);
            for (std::size_t i = 0; i <= kConversions; ++i) {
                bool converted = i < kConversions ? lead.converted_at[i] != kNotConverted : lead.has_value;
                if (i == kConversions && is_customer) continue;
                auto way = path_of(lead, converted, i < kConversions ? lead.converted_at[i] : settings.as_of, settings);
                if (way.empty()) {
                    unattributed[i] += converted;
                    continue;
                }
                conversions[i] += converted;
                std::string from = "start";
                for (const std::string& name : way) {
                    ++steps[i][{from, name}];
                    from = name;
                }
                ++steps[i][{from, converted ? "converted" : "lost"}];
            }
        }
        for (std::uint32_t i = 0; i < credits.channel_count(); ++i) {
            std::string name(credits.name(i));
            EXPECT_EQ(credits.channel(i).touches, touches[name]);
            EXPECT_EQ(credits.channel(i).leads_touched, touched[name]);
            EXPECT_EQ(credits.channel(i).leads, first[name]);
            for (std::size_t method = 0; method < kAttributionMethods; ++method)
                for (std::size_t c = 0; c < kConversions; ++c)
                    EXPECT_TRUE(credits.channel(i).credits[method][c] == expected[method][c][name]);
        }
        EXPECT_EQ(credits.channel_count(), names.size());
        EXPECT_EQ(credits.nobody().leads, first[""]);
        for (std::size_t method = 0; method < kAttributionMethods; ++method)
            for (std::size_t c = 0; c < kConversions; ++c)
                EXPECT_TRUE(credits.nobody().credits[method][c] == expected[method][c][""]);
        // The chain, numbered by name.
        for (std::size_t i = 0; i <= kConversions; ++i) {
            MarkovCredits markov = credits.markov(i);
            EXPECT_EQ(markov.conversions, conversions[i]);
            EXPECT_EQ(markov.unattributed, static_cast<double>(unattributed[i]));
            if (steps[i].empty()) continue;
            auto place = [&](const std::string& name) -> std::uint16_t {
                if (name == "start") return kMarkovStart;
                if (name == "converted") return kMarkovConverted;
                if (name == "lost") return kMarkovLost;
                return static_cast<std::uint16_t>(std::distance(names.begin(), names.find(name)) + 1);
            };
            std::vector<MarkovStep> list;
            for (const auto& [step, count] : steps[i])
                list.push_back({{kMarkovStart, kMarkovStart, place(step.first)}, place(step.second), count});
            list.resize(merge_steps(list));
            MarkovChain chain(list);
            double whole = chain.conversion_chance(kMarkovStart);
            double sum = 0;
            std::map<std::string, double> effects;
            for (const std::string& name : names) {
                double effect = whole > 0 ? std::clamp(1 - chain.conversion_chance(place(name)) / whole, 0.0, 1.0) : 0;
                effects[name] = effect;
                sum += effect;
            }
            for (std::uint32_t c = 0; c < credits.channel_count(); ++c) {
                double share = effects[std::string(credits.name(c))];
                EXPECT_NEAR(markov.by_channel[c], sum > 0 ? conversions[i] * share / sum : 0, 1e-9);
            }
        }
    });
}

}  // namespace
}  // namespace lead_scoring
