// Pictures as lists of what is lit: four pixels of five are 0, and a product with 0 need not be computed.
//
// Pixels go in pairs of neighbours, as strokes are some pixels wide. The way forward takes a sample after the other: its list
// has the pairs in which a pixel is lit. The way back takes a pair after the other: its list has the samples that light it, so
// that the pair's sums stay in registers while a block of samples goes by.
#pragma once

#include <utility>

#include "shape.h"

namespace digitlab {

constexpr int PAIRS = PIXELS / 2 + 1;       // pair 0: an input that is always 1, the bias's, and nothing
constexpr int RUN = 4;                      // pairs of a sample that are summed by themselves
constexpr int PARTS = 14;                   // of a sample's list: two rows of the picture each
constexpr int PART_PAIRS = (PAIRS - 1) / PARTS;
constexpr int SPAN = PAIRS + RUN - 1;       // the longest list

// The bytes of two pixels, and which they are: the number of the pair, or of the sample in its block.
struct Lit {
    uint8_t first, second;
    uint16_t number;
};

// The lists of up to BLOCK samples. A sample's consists of PARTS, and part p begins at parts[sample * (PARTS + 1) + p]; after
// the last one there are zeros, so that it can be read in whole runs.
struct Lists {
    int count;  // samples
    const Lit* by_sample;
    const uint16_t* parts;
    const Lit* by_pair;
    const uint16_t* begin;  // [PAIRS]
    const uint16_t* end;
};

// Copies a sample's list to all[first] and on, and says in `parts` where its parts are now; returns how long it is.
inline int copy_list(const Lists& from, int sample, Lit* all, uint16_t* parts, int first) {
    const uint16_t* theirs = from.parts + sample * (PARTS + 1);
    const int length = theirs[PARTS] - theirs[0] + RUN - 1;
    std::copy_n(from.by_sample + theirs[0], length, all + first);
    for (int p = 0; p <= PARTS; ++p) parts[p] = static_cast<uint16_t>(theirs[p] - theirs[0] + first);
    return length;
}

// Room for the lists of any block, made again and again.
class ListsBuffer {
  public:
    ListsBuffer()
        : by_sample_(size_t{BLOCK} * SPAN), by_pair_(size_t{BLOCK} * PAIRS), parts_(BLOCK * (PARTS + 1)), begin_(PAIRS),
          end_(PAIRS) {
        for (int s = 0; s < BLOCK; ++s) by_pair_[s] = {255, 0, static_cast<uint16_t>(s)};
    }

    // The list of one sample. Without branches on pixels, as nobody could foretell them.
    void make(int sample, const uint8_t* picture) {
        Lit* next = &by_sample_[static_cast<size_t>(sample) * SPAN];
        uint16_t* part = &parts_[static_cast<size_t>(sample) * (PARTS + 1)];
        *part = static_cast<uint16_t>(next - by_sample_.data());
        for (int pair = 1; pair < PAIRS; pair += PART_PAIRS) {
            uint64_t eights[PART_PAIRS / 4];
            uint16_t numbers[PART_PAIRS / 4];
            int lit = 0;
            for (int i = 0; i < PART_PAIRS; i += 4, picture += 8) {
                uint64_t eight;
                std::memcpy(&eight, picture, 8);
                eights[lit] = eight, numbers[lit] = static_cast<uint16_t>(pair + i);
                lit += eight != 0;
            }
            for (int j = 0; j < lit; ++j)
                for (int i = 0; i < 4; ++i) {
                    const auto two = static_cast<uint16_t>(eights[j] >> 16 * i);  // the first is the lower byte
                    *next = {static_cast<uint8_t>(two), static_cast<uint8_t>(two >> 8), static_cast<uint16_t>(numbers[j] + i)};
                    next += two != 0;
                }
            *++part = static_cast<uint16_t>(next - by_sample_.data());
        }
        std::fill_n(next, RUN - 1, Lit{0, 0, 1});
    }
    // The same, from lists that were kept.
    void copy(int sample, const Lists& from, int which) {
        copy_list(from, which, by_sample_.data(), &parts_[static_cast<size_t>(sample) * (PARTS + 1)], sample * SPAN);
    }
    // The lists of a part's pairs, from those of `count` samples. Workers may sort different parts at once.
    void sort(int part, int count) {
        const int first = 1 + part * PART_PAIRS;
        const auto each = [&](auto work) {
            for (int s = 0; s < count; ++s) {
                const uint16_t* at = &parts_[static_cast<size_t>(s) * (PARTS + 1) + part];
                for (const Lit *lit = &by_sample_[at[0]], *end = &by_sample_[at[1]]; lit < end; ++lit) work(*lit, s);
            }
        };
        std::fill_n(&end_[first], PART_PAIRS, uint16_t{0});
        each([&](const Lit& lit, int) { ++end_[lit.number]; });  // first how many, then where the next one goes
        int at = first * BLOCK;
        for (int pair = first; pair < first + PART_PAIRS; ++pair) {
            begin_[pair] = static_cast<uint16_t>(at);
            at += std::exchange(end_[pair], begin_[pair]);
        }
        each([&](const Lit& lit, int s) {
            by_pair_[end_[lit.number]++] = {lit.first, lit.second, static_cast<uint16_t>(s)};
        });
        if (part == 0) end_[0] = static_cast<uint16_t>(count);
    }
    Lists lists(int count) const {
        return {count, by_sample_.data(), parts_.data(), by_pair_.data(), begin_.data(), end_.data()};
    }

  private:
    Buffer<Lit> by_sample_, by_pair_;
    Buffer<uint16_t> parts_, begin_, end_;
};

// The same for good, without gaps.
class KeptLists {
  public:
    void keep(const Lists& from) {
        count_ = from.count;
        parts_ = Buffer<uint16_t>(static_cast<size_t>(count_) * (PARTS + 1));
        begin_ = Buffer<uint16_t>(PAIRS + 1);
        for (int pair = 0; pair < PAIRS; ++pair)
            begin_[pair + 1] = static_cast<uint16_t>(begin_[pair] + from.end[pair] - from.begin[pair]);
        by_pair_ = Buffer<Lit>(begin_[PAIRS]);
        for (int pair = 0; pair < PAIRS; ++pair)
            std::copy(from.by_pair + from.begin[pair], from.by_pair + from.end[pair], &by_pair_[begin_[pair]]);
        by_sample_ = Buffer<Lit>(begin_[PAIRS] + static_cast<size_t>(count_) * (RUN - 1));
        for (int s = 0, at = 0; s < count_; ++s)
            at += copy_list(from, s, by_sample_.data(), &parts_[static_cast<size_t>(s) * (PARTS + 1)], at);
    }
    Lists lists() const {
        return {count_, by_sample_.data(), parts_.data(), by_pair_.data(), begin_.data(), begin_.data() + 1};
    }

  private:
    Buffer<Lit> by_sample_, by_pair_;
    Buffer<uint16_t> parts_, begin_;
    int count_ = 0;
};

}  // namespace digitlab
