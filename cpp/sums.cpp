// One call of `Session::sums`: loss, hits and gradient of a selection of samples.
#include <atomic>
#include <cmath>

#include "session.h"

namespace digitlab {

// With at most one hidden layer, sums have no order: each worker takes samples of its own, and all the sums are added at last.
// In deeper networks all workers share the units of one pass after the other, so that sums are added in one order.
class Session::Sums {
  public:
    Sums(Session& session, Selection selection, double* gradient)
        : s_(session), selection_(selection), gradient_(gradient), exact_(session.shape_.is_exact()),
          passes_((selection.count + MAX_BATCH - 1) / MAX_BATCH) {
        const size_t needed = exact_ ? s_.team_.size() : 1;
        while (s_.passes_.size() < needed) s_.passes_.push_back(std::make_unique<Pass>(s_.shape_, s_.kernels_));
        while (s_.totals_.size() < needed) s_.totals_.push_back(std::make_unique<PerParameter<double>>(s_.shape_));
        const int64_t end = selection.start + selection.count;
        in_blocks_ = !selection.indices && !selection.pictures && !s_.drops(selection.epoch) &&
                     selection.start % BLOCK == 0 && (end % BLOCK == 0 || end == session.count_);
        if (!in_blocks_)
            while (s_.gathered_.size() < needed) s_.gathered_.push_back(std::make_unique<Gathered>(s_));
        losses_.resize(s_.team_.size());
    }

    Loss run(const Question& interrupted) {
        if (in_blocks_) s_.keep_lists(interrupted);
        s_.team_.run([&](const Worker& worker) {
            s_.model_.prepare(s_.kernels_, worker);
            worker.meet();
            exact_ ? alone(worker, interrupted) : together(worker, interrupted);
        });
        if (stopped_) throw Interrupted();
        Loss loss;
        for (const Loss& one : losses_) loss += one;
        return loss;
    }

  private:
    void alone(const Worker& worker, const Question& interrupted) {
        PerParameter<double>& total = *s_.totals_[worker.index];
        total.clear();
        for (int64_t number; (number = next_.fetch_add(1)) < passes_ && !stopped_;) {
            losses_[worker.index] += one_pass(number, worker.index, ALONE, total);
            if (worker.index == 0 && interrupted()) stopped_ = true;
        }
        std::lock_guard lock(adding_);
        total.add_to(gradient_);
    }

    void together(const Worker& worker, const Question& interrupted) {
        PerParameter<double>& total = *s_.totals_[0];
        if (worker.index == 0) total.clear();
        for (int64_t number = 0; number < passes_; ++number) {
            if (worker.index == 0 && interrupted()) stopped_ = true;
            worker.meet();
            if (stopped_) return;
            losses_[worker.index] += one_pass(number, 0, worker, total);
        }
        worker.meet();
        if (worker.index == 0) total.add_to(gradient_);
    }

    Loss one_pass(int64_t number, int place, const Worker& worker, PerParameter<double>& total) {
        const int64_t first = selection_.start + number * MAX_BATCH;
        const int count = static_cast<int>(std::min<int64_t>(MAX_BATCH, selection_.start + selection_.count - first));
        Lists kept[MAX_BATCH / BLOCK];
        Samples samples{kept, nullptr, count, nullptr, s_.smoothing(selection_.epoch)};
        if (in_blocks_) {
            samples.labels = s_.labels_ + first;
            for (int i = 0; i * BLOCK < count; ++i) kept[i] = s_.kept_[first / BLOCK + i].lists();
        } else {
            const int64_t* indices = selection_.indices;
            const uint8_t* pictures = selection_.pictures ? selection_.pictures + number * MAX_BATCH * PIXELS : nullptr;
            s_.gathered_[place]->make(
                count, worker, [&](int i) { return indices ? indices[first + i] : first + i; }, pictures, selection_.epoch);
            worker.meet();
            s_.gathered_[place]->sort(count, worker);
            samples = s_.gathered_[place]->samples(count, selection_.epoch);
        }
        Pass& pass = *s_.passes_[place];
        const Loss loss = pass.forward(s_.model_, samples, worker);
        worker.meet();
        pass.backward(s_.model_, samples, pass.rounding(s_.model_), worker, [&](int layer, const Gradient& gradient) {
            const Target target{s_.shape_.stride(layer), total.layer(layer)};
            (layer == 0 ? s_.kernels_.first_gradient : s_.kernels_.gradient)(gradient, target);
        });
        return loss;
    }

    Session& s_;
    const Selection selection_;
    double* const gradient_;
    const bool exact_;
    const int64_t passes_;
    bool in_blocks_;
    std::vector<Loss> losses_;
    std::atomic<int64_t> next_{0};
    std::atomic<bool> stopped_{false};
    std::mutex adding_;
};

Session::Session(const uint8_t* images, const uint8_t* labels, int64_t count, const Shape& shape, const Kernels& kernels,
                 int threads)
    : images_(images), labels_(labels), count_(count), shape_(shape), kernels_(kernels), team_(threads), model_(shape_) {}

Session::~Session() = default;

// Once. A worker that finds no memory does not leave the others waiting, as they never meet.
void Session::keep_lists(const Question& interrupted) {
    if (!kept_.empty()) return;
    std::vector<KeptLists> kept((count_ + BLOCK - 1) / BLOCK);
    std::atomic<size_t> next{0};
    std::atomic<bool> stopped{false};
    team_.run([&](const Worker& worker) {
        ListsBuffer buffer;
        for (size_t block; (block = next.fetch_add(1)) < kept.size() && !stopped;) {
            const int64_t first = static_cast<int64_t>(block) * BLOCK;
            const int count = static_cast<int>(std::min<int64_t>(BLOCK, count_ - first));
            for (int i = 0; i < count; ++i) buffer.make(i, images_ + (first + i) * PIXELS);
            for (int part = 0; part < PARTS; ++part) buffer.sort(part, count);
            kept[block].keep(buffer.lists(count));
            if (worker.index == 0 && interrupted()) stopped = true;
        }
    });
    if (stopped) throw Interrupted();
    kept_ = std::move(kept);
}

Loss Session::sums(const float* parameters, Selection selection, double* gradient, const Question& interrupted) {
    std::lock_guard lock(one_call_);
    for (int64_t i = 0; i < shape_.parameter_count(); ++i)
        if (!std::isfinite(parameters[i])) throw NotFinite();
    model_.parameters.load(parameters);
    return Sums(*this, selection, gradient).run(interrupted);
}

}  // namespace digitlab
