const PERIOD_MS = 100;
const RETRY_MS = 1000;

/** Shows the newest picture of a camera again and again, for as long as the page is looked at. */
export async function showPictures(role, token) {
  const canvas = document.getElementById(role);
  const note = document.getElementById(`${role}-note`);
  const figure = canvas.closest("figure");
  for (;;) {
    let wait = PERIOD_MS;
    if (!document.hidden && token() !== "") {
      try {
        await showOne(role, token(), canvas);
        note.textContent = "live";
        figure.dataset.state = "live";
      } catch (error) {
        note.textContent = error.message;
        note.title = error.message;
        figure.dataset.state = "absent";
        wait = RETRY_MS;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function showOne(role, token, canvas) {
  const response = await fetch(`${role}.jpg`, { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" });
  if (!response.ok) {
    const { message } = await response.json();
    throw new Error(message);
  }
  const picture = await createImageBitmap(await response.blob());
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
}
