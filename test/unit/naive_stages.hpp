// A lead's stages by trying every instant: what a lead that is looked at in each microsecond goes through. The score is
// the core's; when to look, and what follows, is written down here anew.
#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/card/fold.hpp"
#include "core/card/score.hpp"
#include "core/stages/stage_machine.hpp"

namespace lead_scoring::test {

struct NaiveMove {
    int from = kNoStage;
    int to = kNoStage;
    Timestamp at = kNever;
    Cause cause = Cause::Event;
    int entry = kNoEntry;
    bool operator==(const NaiveMove&) const = default;
};

// What happens at one instant: matches, a change of what is known of the lead, or a move by hand.
struct Happening {
    Timestamp at = kNever;
    std::vector<Match> matches;
    std::optional<std::vector<std::size_t>> fit;
    std::optional<bool> left_out;
    std::optional<std::vector<Adjustment>> adjustments;
    std::optional<int> stage;
    bool takes_back = false;  // the latest move that stands
};

class NaiveStages {
  public:
    explicit NaiveStages(const Definition& definition)
        : definition_(definition),
          stage_(definition.first_stage),
          entered_(definition.stages.size(), kNever),
          bars_(definition.stages.size()) {}

    // Happenings in time order, of which only the first may find the lead without a past.
    void live_through(const std::vector<Happening>& happenings, Timestamp end) {
        if (happenings.empty()) return;
        std::size_t next = 0;
        for (now_ = happenings.front().at; now_ <= end; ++now_) {
            pass_time();
            for (; next < happenings.size() && happenings[next].at == now_; ++next) apply(happenings[next]);
        }
    }

    std::vector<NaiveMove> moves;

  private:
    const Stage& stage(int index) const { return definition_.stages[static_cast<std::size_t>(index)]; }
    const Stage& current() const { return stage(stage_); }
    Score score() const { return score_at(definition_, card_, now_); }
    Timestamp timeout_at() const {
        if (!current().has_service_level() || since_ == kNever) return kForever;
        return current().within ? since_ + *current().within
                                : definition_.working_time.after(since_, *current().working_within);
    }

    void pass_time() {
        if (!began_ || left_out_) return;
        if (timeout_at() <= now_ && timeout_at() > bar_of(current().timeout_stage).since)
            enter(current().timeout_stage, Cause::Time);
        lift_bars();
        follow_score(Cause::Time);
        note_armed();
    }

    void apply(const Happening& happening) {
        if (happening.takes_back && standing_.empty()) return;
        began_ = true;
        for (const Match& match : happening.matches)
            if (match.kind == MatchKind::Rule && !fold(definition_, card_, match)) throw std::logic_error("not folded");
        if (!happening.matches.empty()) advance_clock(definition_, card_, now_);
        if (happening.fit) card_.fit = *happening.fit;
        if (happening.adjustments) card_.adjustments = *happening.adjustments;
        left_out_ = happening.left_out.value_or(left_out_);
        if (happening.takes_back) take_back();
        if (left_out_) return;
        lift_bars();
        for (int i = 0; i < static_cast<int>(definition_.stages.size()); ++i)  // by itself before its entries
            for (const Match& match : happening.matches)
                if (match.kind == MatchKind::Stage && definition_.stage_of_door(match.target) == i)
                    follow_event(i, definition_.entry_of_door(match.target));
        if (happening.stage && *happening.stage != stage_) enter(*happening.stage, Cause::Manual);
        note_armed();
        if (!happening.stage) follow_score(cause_of(happening));
    }

    static Cause cause_of(const Happening& happening) {
        if (!happening.matches.empty()) return Cause::Event;
        return happening.adjustments || happening.takes_back ? Cause::Manual : Cause::Attribute;
    }

    void follow_event(int target, int entry) {
        bool upwards = stage(target).detour || current().detour || stage(target).rank > current().rank;
        bool bound = current().detour && current().exit_by_hand;
        if (target != stage_ && upwards && !bound && is_open(target) && now_ > bar_of(target).since)
            enter(target, Cause::Event, entry);
    }

    void follow_score(Cause cause) {
        while (std::optional<int> target = called_for(cause)) {
            bool rises = current().detour || stage(*target).rank > current().rank;
            if (!enter(*target, cause, rises ? *way_into(*target) : kNoEntry)) return;
        }
    }

    std::optional<int> called_for(Cause cause) const {
        if (current().detour &&
            (current().exit_by_hand || cause != Cause::Event || now_ <= since_ || now_ < since_ + current().cooldown))
            return std::nullopt;
        for (int i = static_cast<int>(definition_.stages.size()) - 1; i >= 0; --i)
            if ((current().detour || stage(i).rank > current().rank) && is_open(i) && !bar_of(i).by_score &&
                way_into(i))
                return i;
        if (current().detour || !armed_ || !current().falls_below || score().total >= *current().falls_below)
            return std::nullopt;
        for (int i = stage_ - 1; i >= 0; --i)
            if (!stage(i).detour && !bar_of(i).by_score &&
                (way_into(i) || (stage(i).falls_below && score().total >= *stage(i).falls_below)))
                return i;
        if (stage_ == definition_.first_stage) return std::nullopt;
        return definition_.first_stage;
    }

    bool is_open(int index) const {
        Timestamp entered = entered_[static_cast<std::size_t>(index)];
        return entered == kNever || now_ >= entered + stage(index).cooldown;
    }

    // The first that lets in: the stage itself, or an entry of it.
    std::optional<int> way_into(int index) const {
        if (holds(stage(index))) return kNoEntry;
        for (std::size_t i = 0; i < definition_.entries.size(); ++i)
            if (definition_.entries[i].stage == index && holds(definition_.entries[i])) return static_cast<int>(i);
        return std::nullopt;
    }

    template <class Way>
    bool holds(const Way& stage) const {
        if (!stage.entered_by_score()) return false;
        Score now = score();
        if (stage.min_score && now.total < *stage.min_score) return false;
        if (stage.min_engagement && now.engagement < *stage.min_engagement) return false;
        if (stage.min_fit && now.fit < *stage.min_fit) return false;
        for (const Requirement& requirement : stage.required) {
            bool fits = std::find(card_.fit.begin(), card_.fit.end(), requirement.rule) != card_.fit.end();
            std::int64_t count = fits ? 1 : times_matched(definition_, card_, requirement.rule, now_);
            if (count < requirement.count) return false;
        }
        if (stage.grades.empty()) return true;
        Grade grade = definition_.grade(now.fit, now.engagement);
        return definition_.has_grade(grade) &&
               std::find(stage.grades.begin(), stage.grades.end(), definition_.label(grade)) != stage.grades.end();
    }

    // False where the stage has been entered at this very instant.
    bool enter(int target, Cause cause, int entry = kNoEntry) {
        Timestamp& entered = entered_[static_cast<std::size_t>(target)];
        if (entered == now_) return false;
        moves.push_back({stage_, target, now_, cause, entry});
        standing_.push_back(moves.size() - 1);
        bars_[static_cast<std::size_t>(target)] = {};
        stage_ = target;
        since_ = entered = now_;
        armed_ = false;
        note_armed();
        return true;
    }

    struct Barred {
        Timestamp since = kNever;
        bool by_score = false;
    };
    const Barred& bar_of(int index) const { return bars_[static_cast<std::size_t>(index)]; }

    // The lead stands where the move began, and stays below what its score calls for.
    void take_back() {
        if (standing_.empty()) return;
        NaiveMove undone = moves[standing_.back()];
        standing_.pop_back();
        stage_ = undone.from;
        since_ = kNever;
        armed_ = false;
        std::ranges::fill(entered_, kNever);
        for (std::size_t move : standing_) since_ = entered_[static_cast<std::size_t>(moves[move].to)] = moves[move].at;
        bars_[static_cast<std::size_t>(undone.to)].since = now_;
        for (std::size_t i = 0; i < bars_.size(); ++i)
            bars_[i].by_score = current().detour || definition_.stages[i].rank > current().rank;
    }

    void lift_bars() {
        for (std::size_t i = 0; i < bars_.size(); ++i)
            if (!way_into(static_cast<int>(i))) bars_[i].by_score = false;
    }

    void note_armed() {
        if (current().falls_below && score().total >= *current().falls_below) armed_ = true;
    }

    const Definition& definition_;
    Scorecard card_;
    Timestamp now_ = kNever;
    bool began_ = false;
    bool left_out_ = false;
    int stage_;
    Timestamp since_ = kNever;
    bool armed_ = false;
    std::vector<Timestamp> entered_;
    std::vector<Barred> bars_;           // of each stage
    std::vector<std::size_t> standing_;  // places of the moves that nobody took back
};

inline std::vector<NaiveMove> moves_of(const std::vector<Transition>& transitions) {
    std::vector<NaiveMove> moves;
    for (const Transition& transition : transitions)
        moves.push_back({transition.from, transition.to, transition.at, transition.cause, transition.entry});
    return moves;
}

inline std::string words_of(const std::vector<NaiveMove>& moves) {
    std::string words;
    for (const NaiveMove& move : moves)
        words += " " + std::to_string(move.at) + ":" + std::to_string(move.from) + ">" + std::to_string(move.to) + "(" +
                 "eatmp"[static_cast<std::size_t>(move.cause)] +
                 (move.entry == kNoEntry ? "" : " by " + std::to_string(move.entry)) + ")";
    return words;
}

}  // namespace lead_scoring::test
