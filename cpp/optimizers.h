// One step of each optimizer: the formulas of src/digitlab/training/optimizers.py, rounded as NumPy rounds them.
#pragma once

#include "kernels.h"

// The including file has chosen its lanes.
namespace digitlab {
namespace {

template <Rule::Kind rule>
void step_as(const Step& s, float* parameters, float* const* memory, const float* gradient, int count) {
    const F rate = all(s.rate), momentum = all(s.momentum);
    for (int i = 0; i < count; i += LANES) {
        F p = load(parameters + i), g = load(gradient + i);
        if (s.decay != 0) g = g + all(s.decay) * p;
        if constexpr (rule == Rule::sgd) {
            p = p - rate * g;
        } else if constexpr (rule == Rule::momentum || rule == Rule::nesterov) {
            const F velocity = load(memory[0] + i) * momentum + g;
            store(memory[0] + i, velocity);
            p = p - rate * (rule == Rule::nesterov ? g + momentum * velocity : velocity);
        } else {
            static_assert(rule == Rule::adam || rule == Rule::adamw);
            if (s.shrink != 1) p = p * all(s.shrink);
            const F m = load(memory[0] + i) * all(s.beta1) + all(s.rest1) * g;
            const F v = load(memory[1] + i) * all(s.beta2) + all(s.rest2) * (g * g);
            store(memory[0] + i, m);
            store(memory[1] + i, v);
            p = p - rate * m / (root(v) / all(s.root) + all(s.epsilon));
        }
        store(parameters + i, p);
    }
}

void step(Rule::Kind kind, const Step& s, float* parameters, float* const* memory, const float* gradient, int count) {
    by_kind<RULES>(kind, [&]<Rule::Kind rule> { step_as<rule>(s, parameters, memory, gradient, count); });
}

}  // namespace
}  // namespace digitlab
