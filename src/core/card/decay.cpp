#include "core/card/decay.hpp"

#include "core/base/power.hpp"

namespace lead_scoring {

const char* Decay::unsound() const {
    switch (kind) {
        case DecayKind::None:
            break;
        case DecayKind::Exponential:
            if (half_life <= 0) return "A half-life is not positive.";
            break;
        case DecayKind::Linear:
        case DecayKind::Window:
            if (lifespan <= 0) return "A lifespan is not positive.";
            break;
        case DecayKind::Step:
            if (step <= 0) return "A step is not positive.";
            if (!(drop > 0 && drop <= 1)) return "The drop of a step is no share.";
            break;
    }
    return nullptr;
}

Microseconds Decay::lifetime() const {
    switch (kind) {
        case DecayKind::None:
        case DecayKind::Exponential:
            return kForever;
        case DecayKind::Linear:
            return lifespan;
        case DecayKind::Window:
            return add_saturated(lifespan, 1);
        case DecayKind::Step: {
            double steps = std::ceil(1.0 / drop);
            if (!(steps < 9e15 && steps * static_cast<double>(step) < 9e18)) return kForever;
            while (drop * steps < 1.0) steps += 1;  // 1/drop may have been rounded down to an integer
            return static_cast<Microseconds>(steps) * step;
        }
    }
    return kForever;
}

double Decay::weight(Microseconds age) const {
    switch (kind) {
        case DecayKind::None:
            return 1.0;
        case DecayKind::Exponential:
            return scale(
                0.5 * power_of_two(1.0 - static_cast<double>(age % half_life) / static_cast<double>(half_life)),
                -(age / half_life));
        case DecayKind::Linear:
            return age < lifespan ? 1.0 - static_cast<double>(age) / static_cast<double>(lifespan) : 0.0;
        case DecayKind::Window:
            return age <= lifespan ? 1.0 : 0.0;
        case DecayKind::Step:
            return std::max(0.0, 1.0 - drop * static_cast<double>(age / step));
    }
    return 0.0;
}

}  // namespace lead_scoring
