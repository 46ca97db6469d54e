// One step of each optimizer: the formulas of src/digitlab/training/optimizers.py, rounded as NumPy rounds them.
#pragma once

#include "lanes.h"
#include "names.h"

namespace digitlab {
namespace {

// A vector of parameters, changed in place and returned; `at`: where its memory is.
template <Rule::Kind rule>
DIGITLAB_INLINE F step(const Step& s, float* parameters, float* const* memory, ptrdiff_t at, F g) {
    const F rate = all(s.rate), momentum = all(s.momentum);
    F p = load(parameters);
    if (s.decay != 0) g = g + all(s.decay) * p;
    if constexpr (rule == Rule::sgd) {
        p = p - rate * g;
    } else if constexpr (rule == Rule::momentum || rule == Rule::nesterov) {
        const F velocity = load(memory[0] + at) * momentum + g;
        store(memory[0] + at, velocity);
        p = p - rate * (rule == Rule::nesterov ? g + momentum * velocity : velocity);
    } else {
        static_assert(rule == Rule::adam || rule == Rule::adamw);
        if (s.shrink != 1) p = p * all(s.shrink);
        const F m = load(memory[0] + at) * all(s.beta1) + all(s.rest1) * g;
        const F v = load(memory[1] + at) * all(s.beta2) + all(s.rest2) * (g * g);
        store(memory[0] + at, m);
        store(memory[1] + at, v);
        p = p - rate * m / (root(v) / all(s.root) + all(s.epsilon));
    }
    store(parameters, p);
    return p;
}

}  // namespace
}  // namespace digitlab
