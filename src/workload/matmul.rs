//! `matmul`: the product of two square matrices, by hand in several ways and by a library.
//!
//! A product may differ from the serial one by what sums of n rounded products can differ by when
//! they are added in another order: `2 · γₙ · |A| |B|` with `γₙ = nε / (1 − nε)` (Higham, *Accuracy
//! and Stability of Numerical Algorithms*, §3.1). All elements are positive, so that `|A| |B|` is
//! the product itself.

use super::mix::random;
use super::{
    Body, Definition, Diagnosis, Expected, Integer, MEMORY, Memory, Parameter, SHARED_MEMORY,
    Settings, Variant, Verdict, WrongResult,
};
use crate::facade::prelude::*;

/// The workload.
pub static MATMUL: Definition<Matrices> = Definition {
    name: "matmul",
    about: "multiply two square matrices",
    parameters: &[Parameter::Integer(&SIZE)],
    variants: &[
        Variant::new(
            "serial",
            "three nested loops, the inner one down a column",
            Body::Alone(Matrices::serial),
        ),
        Variant::new(
            "par-naive",
            "rows in parallel, in each every element a task, the inner loop down a column",
            Body::InPool(Matrices::naive),
        )
        .diagnosed(&[Diagnosis::new(
            Verdict::Granularity,
            &["nested-parallelism-too-fine", "task-too-small"],
        )
        .or(&[SHARED_MEMORY], MEMORY)]),
        Variant::new(
            "par-dot",
            "all elements in parallel, each a row times a column",
            Body::InPool(Matrices::dot),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Contention, &["memory-bound-inflation"])
            .or(&[Expected::HEALTHY], MEMORY)]),
        Variant::new(
            "par-rows",
            "rows in parallel, the inner loop along a row of both",
            Body::InPool(Matrices::rows),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Contention, &["memory-bound-inflation"])
            .or(&[Expected::HEALTHY], MEMORY)]),
        Variant::new(
            "par-transposed",
            "rows in parallel, each times the rows of the transposed matrix",
            Body::InPool(Matrices::transposed),
        )
        .diagnosed(&[Diagnosis::new(Verdict::Contention, &["memory-bound-inflation"])
            .or(&[Expected::HEALTHY], MEMORY)]),
        Variant::new(
            "tuned-serial",
            "the crate matrixmultiply, on one thread",
            Body::Alone(Matrices::tuned_serial),
        )
        .telling("kernel", kernel),
        Variant::new(
            "tuned",
            "the crate matrixmultiply, blocks of rows in parallel",
            Body::InPool(Matrices::tuned),
        )
        .telling("kernel", kernel)
        .diagnosed(&[Diagnosis::new(Verdict::Contention, &["memory-bound-inflation"])
            .or(&[Expected::HEALTHY], "as cores share their units of execution, or not")]),
    ],
    coarser: &[],
    memory: Some(Memory { bytes: |settings| bytes(settings.integer(&SIZE)), grows_with: &SIZE }),
    quick: &[(&SIZE, 400)],
    prepare: Matrices::prepare,
    restore: Matrices::restore,
};

static SIZE: Integer =
    Integer { name: "size", about: "rows and columns", min: 1, max: 100_000, default: || 1_000 };

/// Two factors, the transposed second one, the product and the expected one.
fn bytes(size: u64) -> u64 {
    5 * size * size * size_of::<f64>() as u64
}

/// The matrices, row by row.
#[derive(Debug)]
pub struct Matrices {
    size: usize,
    a: Vec<f64>,
    b: Vec<f64>,
    /// Room for the second factor transposed.
    transposed: Vec<f64>,
    product: Vec<f64>,
    expected: Vec<f64>,
}

impl Matrices {
    fn prepare(settings: &Settings) -> Self {
        let size = settings.integer(&SIZE) as usize;
        let elements = size * size;
        let from = |start: usize| -> Vec<f64> {
            (start..start + elements).map(|at| element(at as u64)).collect()
        };
        let (a, b) = (from(0), from(elements));
        let mut expected = vec![0.0; elements];
        // In the order of the serial code's sums, and several times as fast.
        for (row, sums) in a.chunks(size).zip(expected.chunks_mut(size)) {
            add_row(row, &b, sums);
        }
        let (transposed, product) = (vec![0.0; elements], vec![0.0; elements]);
        Self { size, a, b, transposed, product, expected }
    }

    fn restore(&mut self) -> Result<(), WrongResult> {
        let tolerance = tolerance(self.size);
        let pairs = self.product.iter().zip(&self.expected);
        let far = |(found, expected): (&f64, &f64)| {
            let near = (found - expected).abs() <= tolerance * expected;
            !near
        };
        if let Some(at) = pairs.clone().position(far) {
            let (row, column) = (at / self.size, at % self.size);
            return Err(WrongResult(format!(
                "{} expected in row {row}, column {column}, give or take {:.1e}, {} found",
                self.expected[at],
                tolerance * self.expected[at],
                self.product[at],
            )));
        }
        self.product.fill(0.0);
        Ok(())
    }

    fn serial(&mut self) {
        let Self { size, a, b, product, .. } = self;
        for (row, sums) in a.chunks(*size).zip(product.chunks_mut(*size)) {
            for (column, sum) in sums.iter_mut().enumerate() {
                *sum = down_column(row, b, column);
            }
        }
    }

    fn naive(&mut self) {
        let Self { size, a, b, product, .. } = self;
        product.par_chunks_mut(*size).zip(a.par_chunks(*size)).for_each(|(sums, row)| {
            sums.par_iter_mut()
                .enumerate()
                .with_max_len(1)
                .for_each(|(column, sum)| *sum = down_column(row, b, column));
        });
    }

    fn dot(&mut self) {
        let Self { size, a, b, product, .. } = self;
        let size = *size;
        product.par_iter_mut().enumerate().for_each(|(at, sum)| {
            let row = &a[at / size * size..][..size];
            *sum = down_column(row, b, at % size);
        });
    }

    fn rows(&mut self) {
        let Self { size, a, b, product, .. } = self;
        let rows = product.par_chunks_mut(*size).zip(a.par_chunks(*size));
        rows.with_max_len(1).for_each(|(sums, row)| add_row(row, b, sums));
    }

    fn transposed(&mut self) {
        let Self { size, a, b, transposed, product, .. } = self;
        let size = *size;
        transposed.par_chunks_mut(size).enumerate().for_each(|(column, to)| {
            to.iter_mut()
                .zip(b.iter().skip(column).step_by(size))
                .for_each(|(to, from)| *to = *from);
        });
        let columns = &*transposed;
        product.par_chunks_mut(size).zip(a.par_chunks(size)).for_each(|(sums, row)| {
            for (sum, column) in sums.iter_mut().zip(columns.chunks(size)) {
                *sum = along(row, column);
            }
        });
    }

    fn tuned_serial(&mut self) {
        let Self { size, a, b, product, .. } = self;
        multiply(*size, a, b, product);
    }

    fn tuned(&mut self) {
        let Self { size, a, b, product, .. } = self;
        let size = *size;
        let block = size * block_rows(size, crate::facade::current_num_threads());
        let blocks = product.par_chunks_mut(block).zip(a.par_chunks(block)).with_max_len(1);
        blocks.for_each(|(sums, rows)| multiply(size, rows, b, sums));
    }
}

/// Enough blocks that none keeps the others waiting for long, of enough rows that the library's own
/// blocking of rows has something to work on.
fn block_rows(size: usize, threads: usize) -> usize {
    const BLOCKS_PER_THREAD: usize = 8;
    const FEWEST_ROWS: usize = 16;
    size.div_ceil(threads * BLOCKS_PER_THREAD).max(FEWEST_ROWS).min(size)
}

/// From 0.5 up to 1.
fn element(at: u64) -> f64 {
    const BITS: u32 = f64::MANTISSA_DIGITS - 1;
    0.5 + (random(at) >> (u64::BITS - BITS)) as f64 / (1_u64 << (BITS + 1)) as f64
}

/// What an element may differ by, as a part of it.
fn tolerance(size: usize) -> f64 {
    let rounding = size as f64 * f64::EPSILON;
    2.0 * rounding / (1.0 - rounding)
}

fn down_column(row: &[f64], b: &[f64], column: usize) -> f64 {
    let size = row.len();
    let mut sum = 0.0;
    for (at, element) in row.iter().enumerate() {
        sum += element * b[at * size + column];
    }
    sum
}

fn add_row(row: &[f64], b: &[f64], sums: &mut [f64]) {
    for (factor, others) in row.iter().zip(b.chunks(row.len())) {
        for (sum, other) in sums.iter_mut().zip(others) {
            *sum += factor * other;
        }
    }
}

/// In eight sums side by side, as one sum alone is bound by how long an addition takes.
fn along(row: &[f64], column: &[f64]) -> f64 {
    const SIDE_BY_SIDE: usize = 8;
    let (rows, columns) = (row.chunks_exact(SIDE_BY_SIDE), column.chunks_exact(SIDE_BY_SIDE));
    let rest = rows.remainder().iter().zip(columns.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    let mut sums = [0.0; SIDE_BY_SIDE];
    for (a, b) in rows.zip(columns) {
        for at in 0..SIDE_BY_SIDE {
            sums[at] += a[at] * b[at];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The library's product of some rows with `b`.
fn multiply(size: usize, rows: &[f64], b: &[f64], product: &mut [f64]) {
    assert!(rows.len().is_multiple_of(size) && rows.len() == product.len());
    assert_eq!(b.len(), size * size);
    let stride = size as isize;
    #[expect(unsafe_code, reason = "the library takes pointers")]
    // SAFETY: `rows` and `product` have `rows.len() / size` rows of `size` elements, `b` has `size`
    // of them, row by row as the strides say; nobody else writes to `product` meanwhile.
    unsafe {
        matrixmultiply::dgemm(
            rows.len() / size,
            size,
            size,
            1.0,
            rows.as_ptr(),
            stride,
            1,
            b.as_ptr(),
            stride,
            1,
            0.0,
            product.as_mut_ptr(),
            stride,
            1,
        );
    }
}

/// Which of its kernels the library takes: the first of these that the CPU can run. It asks the same
/// questions in the same order; those for AVX-512 are not compiled in.
fn kernel() -> &'static str {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        if is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2") {
            return "dgemm-fma";
        }
        if is_x86_feature_detected!("avx") {
            return "dgemm-avx";
        }
    }
    if cfg!(target_arch = "aarch64") { "dgemm-neon" } else { "dgemm-portable" }
}
