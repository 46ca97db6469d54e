// Some samples on their way through the network and back: forward, loss, and the deltas of all layers.
//
// Workers share the units of each layer, in groups of 16, and meet between layers. Or each is alone, with samples of its own.
#pragma once

#include <vector>

#include "kernels.h"
#include "team.h"

namespace digitlab {

// Parameters, and what follows from them.
struct Model {
    explicit Model(const Shape& shape);

    // For a worker's own units, after their parameters were changed.
    void prepare(const Kernels&, const Worker&);
    // After a step: shrinks the weights that are too long, where there is a limit. All workers together.
    void limit_norms(const Kernels&, const Worker&);
    // How large the sums of the second layer's gradient can be, per sample; after all have prepared, and met.
    double reach() const;

    const Shape& shape;
    PerParameter<float> parameters;
    std::vector<Buffer<float>> turned;  // of each layer but the first: W transposed, [outputs][padded(inputs + 1)]
    Buffer<float> factor;               // of each unit of the first layer: what makes whole numbers of its deltas
    Buffer<float> reaches;              // of each such unit: what its output is below
};

struct Samples {
    const Lists* lists;  // of each block
    const uint8_t* labels;
    int count;
    const uint64_t* keys;  // of each sample, for dropout; or null for all units
    double smoothing;      // of labels
};

// A worker's own units of a layer.
Range own_units(const Shape&, int layer, const Worker&);

class Pass {
  public:
    Pass(const Shape&, const Kernels&);  // for up to MAX_BATCH samples

    // All workers together; returns the loss of the worker's own share of the samples. The deltas of the last layer are
    // complete once all have met.
    Loss forward(const Model&, const Samples&, const Worker&);

    // What rounds a sum of the second layer's gradient to a grid; to be asked for before workers change parameters.
    double rounding(const Model&) const;

    // From the last layer to the first: deltas, and then take(layer, gradient) for the worker's own part of each layer's
    // gradient: rows of own inputs, or of the first layer columns of own units.
    template <typename Take>
    void backward(const Model& model, const Samples& samples, double rounding, const Worker& worker, Take take) {
        for (int l = shape_.last(); l > 0; --l) {
            delta(model, samples, l - 1, worker);  // before take() changes the parameters that it needs
            take(l, upper_gradient(samples, l, worker, rounding));
            if (l > 1) worker.meet();
        }
        const Range units = own_units(shape_, 0, worker);
        to_grid(model, samples, units);
        take(0, Gradient{samples.lists, nullptr, 0, work_[0].delta.data(), shape_.stride(0), samples.count, {}, units, 0.0});
    }

  private:
    struct LayerWork {
        Buffer<float> z, a;  // [samples][padded(units + 1)], one more that is always 1; z only where the derivative needs it;
                              // with dropout it becomes the derivative
        Buffer<float> delta;  // [samples][stride]
    };

    void first_layer(const Model&, const Samples&, Range units);
    void hidden_layer(const Model&, const Samples&, int layer, Range units);
    void activate(const Samples&, int layer, Range units);
    void delta(const Model&, const Samples&, int layer, const Worker&);
    void to_grid(const Model&, const Samples&, Range units);
    Gradient upper_gradient(const Samples&, int layer, const Worker&, double rounding);
    int row(int layer) const { return padded(shape_.outputs(layer) + 1); }

    const Shape& shape_;
    const Kernels& kernels_;
    std::vector<LayerWork> work_;
    Buffer<double> logits_, powers_;  // [samples][stride of the last layer]; [workers' shares of samples][classes][16]
};

}  // namespace digitlab
