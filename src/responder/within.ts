/** The answer, or what stands for none where it takes too long; it may still come, and nobody hears it then. */
export async function within<T>(ms: number, answer: Promise<T>, tooLate: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(tooLate), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
