// What becomes of the gradient of some parameters, as soon as its sums are known: see `Target` in kernels.h.
#pragma once

#include "kernels.h"
#include "optimizers.h"

namespace digitlab {
namespace {

inline bool is_power_of_two(double x) {
    int exponent;
    return std::frexp(x, &exponent) == 0.5;
}

DIGITLAB_INLINE Wide as_wide(F x) { return wide(x); }
DIGITLAB_INLINE Wide as_wide(Wide x) { return x; }

// What becomes of a gradient, as `Target` says: either this,
struct Add {
    double* sums;

    // sum(v): the v-th vector of the sums of a row; place(v): where it belongs
    template <int V, typename At, typename Sum>
    DIGITLAB_INLINE void take(At place, Sum sum) {
        for (int v = 0; v < V; ++v) {
            double* at = sums + place(v);
            const Wide x = as_wide(sum(v));
            store(at, load(at) + x.low);
            store(at + LANES / 2, load(at + LANES / 2) + x.high);
        }
    }
    bool skips_zeros() const { return true; }
    bool good() const { return true; }
};

// or this.
template <Rule::Kind rule>
struct TakeStep {
    explicit TakeStep(const Target& t)
        : to(t), numbers(*t.step), halves(is_power_of_two(t.samples)), samples(all(t.samples)), part(all(1 / t.samples)) {}

    template <int V, typename At, typename Sum>
    DIGITLAB_INLINE void take(At place, Sum sum) {
        for (int v = 0; v < V; ++v) {
            const ptrdiff_t at = place(v);
            trouble = fma(step<rule>(numbers, to.parameters + at, to.memory, at, mean(sum(v))), F{}, trouble);
        }
    }
    // Rounded once. Where dividing is halving, multiplying is the same, even in float32, and much less work.
    DIGITLAB_INLINE F mean(F x) const { return halves ? x * all(static_cast<float>(part[0])) : mean(wide(x)); }
    DIGITLAB_INLINE F mean(Wide x) const {
        return halves ? narrow({x.low * part, x.high * part}) : narrow({x.low / samples, x.high / samples});
    }
    bool skips_zeros() const { return rule == Rule::sgd && numbers.decay == 0 && std::isfinite(numbers.rate); }
    bool good() const { return fine(trouble); }

    const Target to;
    const Step numbers;
    const bool halves;
    const D samples, part;
    F trouble{};
};

// work(sink), which returns it, with the sink that the target asks for.
template <typename Work>
bool with_sink(const Target& to, Work work) {
    if (to.sums) return work(Add{to.sums}).good();
    bool good = true;
    by_kind<RULES>(to.rule->kind, [&]<Rule::Kind rule> { good = work(TakeStep<rule>(to)).good(); });
    return good;
}

}  // namespace
}  // namespace digitlab
