#include "core/statistics/markov.hpp"

#include <algorithm>
#include <string>
#include <tuple>

#include "core/base/error.hpp"
#include "core/base/stop.hpp"

// What Eigen's assertions check holds here, and info() is looked at. But they stand in all of its long loops.
#define eigen_assert(condition) ::lead_scoring::check_stop()
#include <Eigen/LU>
#include <Eigen/SparseLU>

namespace lead_scoring {

namespace {

constexpr std::size_t kMaxStates = 50'000;
constexpr std::size_t kMaxDenseStates = 1'200;  // more than channels are allowed; 12 MB

using History = std::uint64_t;

History pack(std::uint16_t oldest, std::uint16_t middle, std::uint16_t newest) {
    return static_cast<History>(oldest) << 32 | static_cast<History>(middle) << 16 | newest;
}

History history_of(const MarkovStep& step) { return pack(step.history[0], step.history[1], step.history[2]); }

std::uint16_t newest_of(History history) { return static_cast<std::uint16_t>(history); }

// The history that a channel leads to. Histories shorter than three are filled from the left with the start, and
// stay that short.
History follow(History from, std::uint16_t channel, int order) {
    History longer = from << 16 | channel;
    return longer & ((History{1} << (16 * order)) - 1);
}

int order_of(std::span<const MarkovStep> steps) {
    int order = 1;
    for (const MarkovStep& step : steps) {
        if (step.history[0] != kMarkovStart) return 3;
        if (step.history[1] != kMarkovStart) order = 2;
    }
    return order;
}

auto key(const MarkovStep& step) { return std::tuple(history_of(step), step.next); }

}  // namespace

std::size_t merge_steps(std::span<MarkovStep> steps) {
    if (steps.empty()) return 0;
    std::sort(steps.begin(), steps.end(),
              hearing([](const MarkovStep& a, const MarkovStep& b) { return key(a) < key(b); }));
    std::size_t last = 0;
    for (std::size_t i = 1; i < steps.size(); ++i) {
        check_stop();
        if (key(steps[i]) == key(steps[last]))
            steps[last].count += steps[i].count;
        else
            steps[++last] = steps[i];
    }
    return last + 1;
}

MarkovChain::MarkovChain(std::span<const MarkovStep> steps) {
    int order = order_of(steps);
    std::vector<double> totals;
    for (const MarkovStep& step : steps) {
        check_stop();
        if (states_.empty() || states_.back() != history_of(step)) {
            states_.push_back(history_of(step));
            totals.push_back(0);
        }
        totals.back() += static_cast<double>(step.count);
    }
    if (states_.size() > kMaxStates)
        throw Error(ErrorCode::LimitExceeded, "Markov chain has " + std::to_string(states_.size()) + " states",
                    "At most " + std::to_string(kMaxStates) + " can be solved.",
                    "Join rare channels, or use a lower order.");

    converted_.assign(states_.size(), 0);
    std::size_t from = 0;
    for (const MarkovStep& step : steps) {
        check_stop();
        while (states_[from] != history_of(step)) ++from;
        double chance = static_cast<double>(step.count) / totals[from];
        if (step.next == kMarkovConverted) {
            converted_[from] = chance;
        } else if (step.next != kMarkovLost) {
            auto to = std::lower_bound(states_.begin(), states_.end(), follow(states_[from], step.next, order));
            // A state that nothing follows can only come from a forged aggregate state.
            if (to == states_.end() || *to != follow(states_[from], step.next, order))
                throw Error(ErrorCode::CorruptData, "Markov chain has a history that leads nowhere");
            moves_.push_back(
                {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - states_.begin()), chance});
        }
    }
    if (order == 1 && !states_.empty() && states_.size() <= kMaxDenseStates) solve_at_once();
}

// Where each channel is one state, one inverse has the answer for all: whoever ever comes by the channel is lost, and
// of these would have converted who converts from there. N(i, j) is how often, from i, one comes by j on average, so
// that N(0, j) / N(j, j) ever do.
void MarkovChain::solve_at_once() {
    auto size = static_cast<Eigen::Index>(states_.size());
    Eigen::MatrixXd visits = Eigen::MatrixXd::Identity(size, size);
    for (const Move& move : moves_) visits(move.from, move.to) -= move.chance;
    visits = visits.partialPivLu().inverse().eval();
    Eigen::VectorXd chance = visits * Eigen::Map<const Eigen::VectorXd>(converted_.data(), size);
    if (!chance.allFinite()) throw Error(ErrorCode::CorruptData, "Markov chain cannot be solved");
    lost_.resize(states_.size());
    for (Eigen::Index i = 0; i < size; ++i)
        lost_[static_cast<std::size_t>(i)] = visits(0, i) / visits(i, i) * chance[i];
}

double MarkovChain::conversion_chance(std::uint16_t without) const {
    if (lost_.empty()) return solve_without(without);
    if (without == kMarkovStart) return lost_[0];
    auto state = std::lower_bound(states_.begin(), states_.end(), pack(kMarkovStart, kMarkovStart, without));
    bool known = state != states_.end() && *state == without;
    return lost_[0] - (known ? lost_[static_cast<std::size_t>(state - states_.begin())] : 0);
}

double MarkovChain::solve_without(std::uint16_t without) const {
    // x = r + Q x over the states that are left, x being the chance to convert from each.
    std::vector<int> row(states_.size(), -1);
    int rows = 0;
    for (std::size_t i = 0; i < states_.size(); ++i)
        if (without == kMarkovStart || newest_of(states_[i]) != without) row[i] = rows++;
    if (rows == 0) return 0;

    std::vector<Eigen::Triplet<double>> entries;
    entries.reserve(moves_.size() + states_.size());
    Eigen::VectorXd right = Eigen::VectorXd::Zero(rows);
    for (std::size_t i = 0; i < states_.size(); ++i) {
        if (row[i] < 0) continue;
        entries.emplace_back(row[i], row[i], 1.0);
        right[row[i]] = converted_[i];
    }
    for (const Move& move : moves_)
        if (row[move.from] >= 0 && row[move.to] >= 0) entries.emplace_back(row[move.from], row[move.to], -move.chance);

    Eigen::SparseMatrix<double> matrix(rows, rows);
    matrix.setFromTriplets(entries.begin(), entries.end());
    Eigen::SparseLU<Eigen::SparseMatrix<double>> solver;
    solver.compute(matrix);
    if (solver.info() != Eigen::Success) throw Error(ErrorCode::CorruptData, "Markov chain cannot be solved");
    return solver.solve(right)[0];
}

}  // namespace lead_scoring
