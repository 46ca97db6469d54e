// One step of each optimizer: the formulas of src/digitlab/training/optimizers.py, rounded as NumPy rounds them.
#pragma once

#include "kernels.h"

// The including file has chosen its lanes.
namespace digitlab {
namespace {

template <Rule rule>
void step_as(const Step& s, float* parameters, float* first, float* second, const float* gradient, int count) {
    const F rate = all(s.rate), momentum = all(s.momentum);
    for (int i = 0; i < count; i += LANES) {
        F p = load(parameters + i), g = load(gradient + i);
        if (s.decay != 0) g = g + all(s.decay) * p;
        if constexpr (rule == Rule::sgd) {
            p = p - rate * g;
        } else if constexpr (rule == Rule::momentum || rule == Rule::nesterov) {
            const F velocity = load(first + i) * momentum + g;
            store(first + i, velocity);
            p = p - rate * (rule == Rule::nesterov ? g + momentum * velocity : velocity);
        } else {
            if (s.shrink != 1) p = p * all(s.shrink);
            const F m = load(first + i) * all(s.beta1) + all(s.rest1) * g;
            const F v = load(second + i) * all(s.beta2) + all(s.rest2) * (g * g);
            store(first + i, m);
            store(second + i, v);
            p = p - rate * m / (root(v) / all(s.root) + all(s.epsilon));
        }
        store(parameters + i, p);
    }
}

void step(const Step& s, float* parameters, float* first, float* second, const float* gradient, int count) {
    switch (s.rule) {
        case Rule::sgd: return step_as<Rule::sgd>(s, parameters, first, second, gradient, count);
        case Rule::momentum: return step_as<Rule::momentum>(s, parameters, first, second, gradient, count);
        case Rule::nesterov: return step_as<Rule::nesterov>(s, parameters, first, second, gradient, count);
        case Rule::adam: return step_as<Rule::adam>(s, parameters, first, second, gradient, count);
        case Rule::adamw: return step_as<Rule::adamw>(s, parameters, first, second, gradient, count);
    }
}

}  // namespace
}  // namespace digitlab
