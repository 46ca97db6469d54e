// The engine's session: some digits, a network's shape, threads. What Python calls; see engines/native.py.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "pass.h"
#include "random.h"

namespace digitlab {

using Question = std::function<bool()>;  // whether to stop; asked now and then, in the thread of the caller
struct Interrupted {};                   // thrown where the answer is yes

struct NotFinite : std::runtime_error {
    NotFinite() : std::runtime_error("a parameter is not finite") {}
};

// Which samples: a range, or indices (of which a range is a part); and how they look in this epoch.
struct Selection {
    const int64_t* indices;  // or null
    int64_t start, count;    // of the range; of indices: 0 and how many
    const uint8_t* pictures = nullptr;  // of these samples, one after the other; null: as they are
    int64_t epoch = 0;                  // 0: nothing is regularized
};

struct Batches {
    const int64_t* indices;
    const std::vector<int64_t>& ends;
    const uint8_t* pictures = nullptr;  // likewise
    int64_t epoch = 0;

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
            int threads);
    ~Session();

    // Loss and hits, summed over the selection; adds its gradient to `gradient` [parameter_count]. Throws NotFinite, Interrupted.
    Loss sums(const float* parameters, Selection selection, double* gradient, const Question& interrupted);

    // One step for each batch (batch i: indices ends[i-1]..ends[i], at most MAX_BATCH of them), until one would lead
    // beyond the finite numbers. Changes parameters and the optimizer's memory (as many vectors as the rule keeps); not if
    // it throws Interrupted.
    StepResults advance(float* parameters, const std::vector<float*>& memory, const Batches& batches, const Rule& rule,
                        const std::vector<Step>& steps, const Question& interrupted);

    int64_t count() const { return count_; }

  private:
    class Sums;
    class Steps;
    class Gathered;

    void keep_lists(const Question& interrupted);
    uint64_t dropout_key(int64_t epoch) const { return word(word(shape_.regularization.seed, DROPOUT), epoch); }
    bool drops(int64_t epoch) const { return epoch && shape_.regularization.dropped; }
    double smoothing(int64_t epoch) const { return epoch ? shape_.regularization.smoothing : 0; }

    const uint8_t* const images_;
    const uint8_t* const labels_;
    const int64_t count_;
    const Shape shape_;
    const Kernels& kernels_;
    std::mutex one_call_;
    Team team_;
    Model model_;
    // Room that is kept between calls: of each worker that is alone, or the first of it of all together.
    std::vector<std::unique_ptr<Pass>> passes_;
    std::vector<std::unique_ptr<Gathered>> gathered_;  // `advance`: this step's samples, and the next one's
    std::vector<std::unique_ptr<PerParameter<double>>> totals_;
    std::vector<KeptLists> kept_;  // of each block of all samples, once many of them are asked for
};

// The lists, labels and keys of some samples, made when they are needed.
class Session::Gathered {
  public:
    explicit Gathered(const Session& session) : s_(session), blocks_(MAX_BATCH / BLOCK), lists_(MAX_BATCH / BLOCK) {}

    // which(i): the number of the i-th sample; pictures: theirs, or null for those of the session. Before the way forward;
    // and, after all have met, before the way back.
    template <typename Which>
    void make(int count, const Worker& worker, Which which, const uint8_t* pictures, int64_t epoch) {
        const uint64_t key = s_.dropout_key(epoch);
        worker.share(count, [&](int i) {
            const int64_t sample = which(i);
            ListsBuffer& block = blocks_[i / BLOCK];
            keys_[i] = word(key, s_.shape_.regularization.first + sample);
            if (pictures) block.make(i % BLOCK, pictures + static_cast<int64_t>(i) * PIXELS);
            else if (s_.kept_.empty()) block.make(i % BLOCK, s_.images_ + sample * PIXELS);
            else block.copy(i % BLOCK, s_.kept_[sample / BLOCK].lists(), static_cast<int>(sample % BLOCK));
            labels_[i] = s_.labels_[sample];
        });
        if (worker.index == 0)
            for (int first = 0; first < count; first += BLOCK)
                lists_[first / BLOCK] = blocks_[first / BLOCK].lists(std::min(BLOCK, count - first));
    }
    void sort(int count, const Worker& worker) {
        for (int first = 0; first < count; first += BLOCK)
            worker.share(PARTS, [&](int part) { blocks_[first / BLOCK].sort(part, std::min(BLOCK, count - first)); });
    }
    Samples samples(int count, int64_t epoch) const {
        return {lists_.data(), labels_, count, s_.drops(epoch) ? keys_ : nullptr, s_.smoothing(epoch)};
    }

  private:
    const Session& s_;
    std::vector<ListsBuffer> blocks_;
    std::vector<Lists> lists_;
    uint8_t labels_[MAX_BATCH] = {};
    uint64_t keys_[MAX_BATCH] = {};
};

}  // namespace digitlab
