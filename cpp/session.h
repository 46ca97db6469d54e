// The engine's session: some digits, a network's shape, threads. What Python calls; see engines/native.py.
#pragma once

#include "block.h"

namespace digitlab {

struct NotFinite : std::runtime_error {
    NotFinite() : std::runtime_error("a parameter is not finite") {}
};

// Which samples: a range, or indices (of which a range is a part).
struct Selection {
    const int64_t* indices;  // or null
    int64_t start, count;    // of the range; of indices: 0 and how many
};

struct Batches {
    const int64_t* indices;
    const std::vector<int64_t>& ends;

    int64_t begin(int number) const { return number ? ends[number - 1] : 0; }
    int size(int number) const { return static_cast<int>(ends[number] - begin(number)); }
};

struct StepResults {  // of each step that `advance` took
    std::vector<double> losses;
    std::vector<int64_t> hits;
};

class Session {
  public:
    // images: count x 784 bytes, labels: count bytes; both must outlive the session.
    Session(const uint8_t* images, const uint8_t* labels, int64_t count, const Shape& shape, const Kernels& kernels,
            int threads)
        : shape_(shape), kernels_(kernels), labels_(labels), pixels_(images, count, kernels), team_(threads),
          model_(shape_, pixels_, kernels), blocks_(threads) {}

    // Loss, hits and gradient [parameter_count], summed over the selection. Throws NotFinite, Interrupted.
    Loss sums(const float* parameters, Selection selection, double* gradient, const Question& interrupted);

    // One step for each batch (batch i: indices ends[i-1]..ends[i], at most MAX_BLOCK of them), until one would lead
    // beyond the finite numbers. Changes parameters and the optimizer's memory (as many vectors as the rule keeps); not if
    // it throws Interrupted.
    StepResults advance(float* parameters, const std::vector<float*>& memory, const Batches& batches, const Rule& rule,
                        const std::vector<Step>& steps, const Question& interrupted);

    int64_t count() const { return pixels_.count(); }

  private:
    class Sums;
    class Steps;

    const Shape shape_;
    const Kernels& kernels_;
    const uint8_t* labels_;
    Pixels pixels_;
    Team team_;
    std::mutex one_call_;
    Model model_;
    std::vector<std::unique_ptr<Block>> blocks_;  // one for each thread, made when first used
};

const Kernels& find_kernels(const std::string& path);
std::vector<std::string> available_paths();  // the best first

}  // namespace digitlab
