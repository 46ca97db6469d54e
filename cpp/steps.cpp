// One call of `Session::advance`: a step for each mini-batch, without coming back to Python in between.
#include <atomic>
#include <cmath>

#include "session.h"

namespace digitlab {

class Session::Steps {
  public:
    Steps(Session& session, const Batches& batches, const Rule& rule, const std::vector<Step>& steps)
        : s_(session), batches_(batches), rule_(rule), steps_(steps), losses_(s_.team_.size()) {
        if (s_.passes_.empty()) s_.passes_.push_back(std::make_unique<Pass>(s_.shape_, s_.kernels_));
        while (s_.gathered_.size() < 2) s_.gathered_.push_back(std::make_unique<Gathered>(s_));
        for (size_t i = 0; i < rule.memory; ++i) memory_.emplace_back(s_.shape_);
    }

    // Takes `count` steps, or as many as stay finite; returns how many. Writes nothing back if that is fewer.
    int run(int count, float* parameters, const std::vector<float*>& memory, StepResults* results,
            const Question& interrupted) {
        failed_ = stopped_ = count;
        s_.model_.parameters.load(parameters);
        for (size_t i = 0; i < memory_.size(); ++i) memory_[i].load(memory[i]);
        s_.team_.run([&](const Worker& worker) {
            s_.model_.prepare(s_.kernels_, worker);
            make_lists(0, worker);
            worker.meet();
            for (int number = 0; number < count; ++number)
                if (!one_step(number, count, worker, results, interrupted)) break;
        });
        if (stopped_ < count) throw Interrupted();
        if (failed_ < count) return failed_;
        s_.model_.parameters.save(parameters);
        for (size_t i = 0; i < memory_.size(); ++i) memory_[i].save(memory[i]);
        return count;
    }

  private:
    void make_lists(int number, const Worker& worker) {
        const int64_t* indices = batches_.indices + batches_.begin(number);
        const uint8_t* pictures = batches_.pictures ? batches_.pictures + batches_.begin(number) * PIXELS : nullptr;
        s_.gathered_[number % 2]->make(
            batches_.size(number), worker, [&](int i) { return indices[i]; }, pictures, batches_.epoch);
    }

    // False where there is no step to take; all workers agree, as they decide on what they all saw at a meeting.
    bool one_step(int number, int count, const Worker& worker, StepResults* results, const Question& interrupted) {
        const Samples samples = s_.gathered_[number % 2]->samples(batches_.size(number), batches_.epoch);
        if (worker.index == 0 && interrupted()) stopped_ = number;
        Pass& pass = *s_.passes_[0];
        losses_[worker.index] = pass.forward(s_.model_, samples, worker);
        const double rounding = pass.rounding(s_.model_);
        s_.gathered_[number % 2]->sort(samples.count, worker);
        if (number + 1 < count) make_lists(number + 1, worker);
        worker.meet();
        if (stopped_ <= number || failed_ < number) return false;
        Loss loss;
        for (const Loss& one : losses_) loss += one;
        if (!std::isfinite(loss.total)) {
            if (worker.index == 0) fail(number);
            return false;
        }
        if (worker.index == 0 && results) results->losses.push_back(loss.total), results->hits.push_back(loss.hits);
        pass.backward(s_.model_, samples, rounding, worker, [&](int layer, const Gradient& gradient) {
            Target target{s_.shape_.stride(layer)};
            target.parameters = s_.model_.parameters.layer(layer);
            for (size_t i = 0; i < memory_.size(); ++i) target.memory[i] = memory_[i].layer(layer);
            target.rule = &rule_, target.step = &steps_[number], target.samples = samples.count;
            if (!(layer == 0 ? s_.kernels_.first_gradient : s_.kernels_.gradient)(gradient, target)) fail(number);
        });
        s_.model_.limit_norms(s_.kernels_, worker);
        s_.model_.prepare(s_.kernels_, worker);
        return true;
    }

    void fail(int number) {
        for (int seen = failed_; number < seen && !failed_.compare_exchange_weak(seen, number);) {
        }
    }

    Session& s_;
    const Batches& batches_;
    const Rule& rule_;
    const std::vector<Step>& steps_;
    std::vector<PerParameter<float>> memory_;  // the optimizer's
    std::vector<Loss> losses_;  // each worker's share
    std::atomic<int> failed_{0};
    std::atomic<int> stopped_{0};  // at which step: who is late must not hear of it a step before the others
};

StepResults Session::advance(float* parameters, const std::vector<float*>& memory, const Batches& batches, const Rule& rule,
                             const std::vector<Step>& steps, const Question& interrupted) {
    if (memory.size() != rule.memory) throw std::invalid_argument("another number of vectors than the rule keeps");
    std::lock_guard lock(one_call_);
    StepResults results;
    const int count = static_cast<int>(steps.size());
    constexpr int MANY = 16;  // calls like this one, to take all samples once: fewer, and lists pay when they are kept
    if (!steps.empty() && !batches.pictures && batches.ends.back() * MANY >= count_) keep_lists(interrupted);
    Steps all(*this, batches, rule, steps);
    const int done = all.run(count, parameters, memory, &results, interrupted);
    if (done < count) {  // nothing was written back: take the good steps once more, and only those
        results.losses.resize(done), results.hits.resize(done);
        if (done > 0) all.run(done, parameters, memory, nullptr, interrupted);
    }
    return results;
}

}  // namespace digitlab
