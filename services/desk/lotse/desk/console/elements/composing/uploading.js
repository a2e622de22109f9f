/**
 * One file on its way in, with its progress.
 * @param {string} url
 * @param {File} file
 * @param {(share: number) => void} progress
 * @returns {{done: Promise<{file?: object, reason?: string, detail?: string}>, stop: () => void}}
 */
export function upload(url, file, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve) => {
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => resolve({ reason: "failed" });
    request.onabort = () => resolve({ reason: "stopped" });
    request.onload = () => {
      const answer = read(request.responseText);
      resolve(request.status === 201 ? { file: answer } : { reason: answer.reason ?? "failed", detail: answer.detail });
    };
  });
  request.open("POST", url);
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.send(file);
  return { done, stop: () => request.abort() };
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
