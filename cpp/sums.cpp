// One call of `Session::sums`: loss, hits and gradient of a selection of samples, a block at a time.
#include <atomic>

#include "gathered.h"
#include "session.h"

namespace digitlab {

class Session::Sums {
  public:
    Sums(Session& session, Selection selection, double* gradient)
        : s_(session), selection_(selection), flat_(gradient), in_order_(session.shape_.layers() > 2),
          gradient_(session.shape_, session.pixels_) {
        blocks_ = (selection.count + MAX_BLOCK - 1) / MAX_BLOCK;
        in_tiles_ = !selection.indices && selection.start % TILE == 0;
    }

    Loss run(const float* parameters, const Question& interrupted) {
        in_tiles_ ? s_.pixels_.need_tiles(interrupted) : s_.pixels_.need_rows(interrupted);
        for (auto& block : s_.blocks_)  // here, as a worker that finds no memory would leave the others waiting
            if (!block) block = std::make_unique<Block>(s_.shape_, s_.pixels_, s_.kernels_, MAX_BLOCK);
        std::atomic<bool> finite{true};
        s_.team_.run([&](const Worker& worker) {
            own_tiles(s_.shape_, worker, [&](int l, int tile) {
                s_.model_.parameters.load(parameters, l, tile);
                if (!s_.model_.prepare_tile(l, tile)) finite = false;
            });
            worker.meet();
            if (!finite) return;
            work(worker.index, interrupted);
            worker.meet();
            own_tiles(s_.shape_, worker, [&](int l, int tile) { gradient_.save(flat_, l, tile); });
        });
        if (!finite) throw NotFinite();
        if (stopped_) throw Interrupted();
        return loss_;
    }

  private:
    // Takes blocks of samples until there are none left.
    void work(int index, const Question& interrupted) {
        const auto& block = s_.blocks_[index];
        std::unique_ptr<Gathered> gathered;
        if (!in_tiles_) gathered = std::make_unique<Gathered>(s_.pixels_, s_.kernels_, s_.labels_, MAX_BLOCK);
        ProductsAllowed allowed(s_.kernels_);
        Loss mine;
        int64_t summed = 0;  // samples in the block's integer sums
        for (int64_t number; (number = next_.fetch_add(1)) < blocks_ && !stopped_;) {
            const Samples samples = samples_of(number, gathered.get());
            if (!in_order_ && summed + samples.count > s_.kernels_.most_summed) collect(*block), summed = 0;
            block->first_layer(s_.model_, samples, ALONE);
            const Loss loss = block->rest(s_.model_, samples, ALONE);
            block->deltas(s_.model_, samples, ALONE);
            own_tiles(s_.shape_, ALONE, [&](int l, int tile) {
                block->pack_tile(samples, l, tile);
                block->sum_tile(samples, l, tile, block->all_columns(l), summed > 0);
            });
            summed += samples.count;
            mine += loss;
            if (in_order_) {  // each block has a grid of its own: float64 sums that depend on their order
                wait_for_turn(number);
                collect(*block), summed = 0;
                next_turn(number + 1);
            }
            if (index == 0 && interrupted()) {
                stopped_ = true;
                next_turn(-1);  // whoever waits looks again
            }
        }
        if (summed > 0) collect(*block);
        std::lock_guard lock(collecting_);
        loss_ += mine;
    }

    Samples samples_of(int64_t number, Gathered* gathered) {
        const int64_t first = selection_.start + number * MAX_BLOCK;
        const int count = static_cast<int>(std::min<int64_t>(MAX_BLOCK, selection_.start + selection_.count - first));
        if (in_tiles_) {
            Samples samples{s_.pixels_.tiles(first), s_.pixels_.used(first), s_.labels_ + first, count};
            const int64_t later = number + s_.team_.size();  // most likely this thread's next block
            if (later + 1 < blocks_) samples.soon = s_.pixels_.tiles(selection_.start + later * MAX_BLOCK);
            return samples;
        }
        const int64_t* indices = selection_.indices;
        gathered->gather(count, ALONE, [&](int i) { return indices ? indices[first + i] : first + i; });
        return gathered->samples(count);
    }

    void collect(const Block& block) {
        std::lock_guard lock(collecting_);
        own_tiles(s_.shape_, ALONE, [&](int l, int tile) {
            LayerRows<double>& rows = gradient_.layer(l);
            const Columns all = block.all_columns(l);
            for (int unit = tile * TILE; unit < s_.shape_.units_end(l, tile); ++unit) {
                s_.kernels_.collect(rows.row(unit), block.sums_of(l, unit, all));
                rows.b[unit] += block.bias_gradient(l, unit, all);
            }
        });
    }

    void wait_for_turn(int64_t number) {
        for (int64_t turn; (turn = turn_) != number && !stopped_;) turn_.wait(turn);
    }

    void next_turn(int64_t number) {
        turn_ = number;
        turn_.notify_all();
    }

    Session& s_;
    const Selection selection_;
    double* const flat_;
    const bool in_order_;
    bool in_tiles_;
    int64_t blocks_;
    PerParameter<double> gradient_;  // never in the columns of pixels that are never lit: 0 there
    std::atomic<int64_t> next_{0};
    std::atomic<bool> stopped_{false};
    std::atomic<int64_t> turn_{0};  // which block is to be collected next
    std::mutex collecting_;
    Loss loss_;
};

Loss Session::sums(const float* parameters, Selection selection, double* gradient, const Question& interrupted) {
    std::lock_guard lock(one_call_);
    return Sums(*this, selection, gradient).run(parameters, interrupted);
}

}  // namespace digitlab
